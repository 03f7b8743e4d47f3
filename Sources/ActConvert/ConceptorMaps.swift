import ActFormats
import ActIR
import ActPasses
import ActStatistics

extension ConceptorOperation {
  /// The map whose conceptors are made of those of others, site by site.
  ///
  /// - Parameters:
  ///   - operands: map files of conceptors, by their paths; as many as the operation takes.
  ///   - beta: what the result is multiplied by; nil: what all operands are.
  ///   - progress: receives the share of the sites that are done.
  /// - Returns: a map of the operands' sites.
  /// - Throws: `FileError` for a map file of another kind, of another model, or with other sites or scopes, for a matrix
  ///   that is no conceptor, and for different factors.
  package func apply(
    to operands: [(file: MapFile, path: String)], beta: Float? = nil, progress: (Double) -> Void = { _ in }
  ) throws -> MapFile {
    precondition(operands.count == operandCount)
    let first = operands[0]
    for operand in operands {
      try Self.check(operand.file, operand.path)
      try Self.check(operand.file, operand.path, against: first)
    }
    var method = FitDescription.Method(conceptor.name, version: conceptor.version)
    method.options["operation"] = rawValue
    for (index, operand) in operands.enumerated() {
      method.options["operand_\(index + 1)"] = try SHA256.hex(ofFile: operand.path)
    }
    var fit = FitDescription(method)
    fit.scope = first.file.fit.scope
    fit.steps = first.file.fit.steps
    let sites = try first.file.sites.enumerated().map { index, site in
      let values = try operands.map { try Self.operand(of: $0.file, at: site, $0.path) }
      let factors = values.map(\.beta)
      guard let factor = beta ?? (Set(factors).count == 1 ? factors[0] : nil) else {
        throw FileError(
          operands[1].path, "\(site.name)/beta",
          "expected \(factors[0]), as in \(first.path), found \(factors[1])",
          next: "choose one by --beta")
      }
      let result = try apply(to: values.map(\.conceptor)).matrix
      progress(Double(index + 1) / Double(first.file.sites.count))
      return MapFile.Site(
        name: site.name, width: site.width,
        parameters: [
          "C": MapParameter(result.values.map { Float($0) }, shape: [site.width, site.width]),
          "beta": MapParameter(factor),
        ])
    }
    return MapFile(
      fit, transport: conceptor.transport, parameterNames: ["C", "beta"],
      modelFingerprint: first.file.modelFingerprint, sites: sites)
  }

  private func apply(to operands: [Conceptor]) throws -> Conceptor {
    switch self {
    case .and: try operands[0].and(operands[1])
    case .or: try operands[0].or(operands[1])
    case .not: operands[0].negated
    }
  }

  /// Checks that a map file's function is that of conceptors, whatever its method is called.
  private static func check(_ file: MapFile, _ path: String) throws(FileError) {
    let expected = try? Graph(parsing: conceptor.transport).steps
    guard let found = try? Graph(parsing: file.transport).steps, found == expected else {
      throw FileError.unsupported(
        path, "transport",
        "expected the function of `\(conceptor.name)`, found one of `\(file.fit.method.name)`",
        next: "the operations are of conceptors alone")
    }
  }

  private static func check(
    _ file: MapFile, _ path: String, against first: (file: MapFile, path: String)
  ) throws(FileError) {
    guard file.modelFingerprint == first.file.modelFingerprint else {
      throw FileError(
        path, "model_fingerprint",
        "expected \(first.file.modelFingerprint.prefix(16))…, as in \(first.path), found \(file.modelFingerprint.prefix(16))…",
        next: "combine maps of one model")
    }
    guard file.fit.scope == first.file.fit.scope else {
      throw FileError(
        path, "token_scope", "expected \(first.file.fit.scope), as in \(first.path), found \(file.fit.scope)")
    }
    guard file.fit.steps == first.file.fit.steps else {
      throw FileError(
        path, "step_scope", "expected \(first.file.fit.steps), as in \(first.path), found \(file.fit.steps)")
    }
    let (found, expected) = (file.sites.map(\.name), first.file.sites.map(\.name))
    for (name, one, other) in [
      (Set(expected).subtracting(found).min(), first.path, path),
      (Set(found).subtracting(expected).min(), path, first.path),
    ] {
      if let name {
        throw FileError(
          other, name, "expected the site, which \(one) has", next: "combine maps of the same sites")
      }
    }
  }

  private static func operand(
    of file: MapFile, at site: MapFile.Site, _ path: String
  ) throws -> (conceptor: Conceptor, beta: Float) {
    let width = site.width
    guard let own = file.sites.first(where: { $0.name == site.name }), own.width == width,
      let matrix = own.parameters["C"], matrix.shape == [width, width], let beta = own.parameters["beta"],
      beta.shape.isEmpty
    else {
      throw FileError(path, site.name, "expected C f32[\(width),\(width)] and beta f32[]")
    }
    do {
      return (
        try Conceptor(Matrix(rows: width, columns: width, matrix.values.map(Double.init))), beta.values[0]
      )
    } catch { throw FileError(path, "\(site.name)/C", "\(error)") }
  }
}

extension Graph {
  /// What a function computes, node by node, whatever the nodes are called.
  fileprivate var steps: [Node] {
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, ValueID(index: $0)) })
    return order.map { id in
      var node = self[id]
      node.inputs = node.inputs.map { places[$0]! }
      node.name = ""
      return node
    }
  }
}
