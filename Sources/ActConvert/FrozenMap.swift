import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActStatistics

/// A map file at one strength, whose transports are asked for what they come to.
package struct FrozenMap {
  package let file: MapFile
  package let path: String
  package let strength: Float
  private let inserted: Transport

  /// Checks a map file against its model, and that it applies to all tokens, as what is frozen does.
  ///
  /// - Throws: `FileError` for a map that does not fit the model, and for one that is for some tokens only.
  package init(
    _ file: MapFile, path: String, model: Model, strength: Float, skipping skipped: Set<MapSet.Check> = []
  ) throws {
    var maps = MapSet()
    try maps.add(file, name: "map", path: path, model: model, skipping: skipped)
    let scope = file.fit.scope
    guard scope == .all else {
      let skipped = scope.skippedPositions > 0 ? ", of which \(scope.skippedPositions) are skipped" : ""
      throw FileError.unsupported(
        path, "token_scope", "expected a map of all tokens, found `\(scope)`\(skipped)",
        next: "other formats know no tokens; keep the map file")
    }
    self.file = file
    self.path = path
    self.strength = strength
    inserted = maps.transports[0]
  }

  /// A site's map that has another form than a format can say.
  func unsupported(_ site: String, _ problem: String, next: String) -> FileError {
    .unsupported(path, site, "\(problem) at strength \(strength)", next: next)
  }

  /// What the transport comes to at a site.
  ///
  /// The graph of the site alone, a layer whose output it is, goes through the passes that gather elementwise arithmetic
  /// into `x·scale + shift`. What they leave is composed here.
  ///
  /// - Throws: `FileError` where it is not affine in the site's value.
  package func transport(at site: MapFile.Site) throws -> AffineTransport {
    let width = Dim.fixed(site.width)
    var graph = Graph(name: "site")
    let rows = graph.append(
      Node(.input(name: "rows"), [], TensorType(.f32, [.symbol("T"), width]), name: "rows"))
    let layer = graph.append(
      Node(.weight(name: "layer"), [], TensorType(.f32, [width, width]), name: "layer"))
    let x = graph.append(.linear, rows, layer, name: "x", site: site.name)
    graph.addResult("y", x)
    var transport = inserted
    transport.sites = [site.name]
    try PassManager().run(
      [
        insertTransports([transport]), freezeDials([transport.name: strength]), foldConstants,
        recognizeAffine,
        foldConstants,
      ], on: &graph)
    return try AffineComposition(of: graph, x: x, channels: site.width, leaf: leaf(at: site)).value(
      of: graph.results[0].value
    ) { node in
      self.unsupported(
        site.name, "expected x·scale + U (V x) + shift, found `\(node.op.mnemonic)` of what varies with x",
        next: "keep the map file")
    }
  }

  private func leaf(at site: MapFile.Site) -> (Op) throws -> OwnedBytes {
    { op in
      guard case .mapParameter(_, _, let name) = op, let parameter = site.parameters[name] else {
        throw UsageError("no data for `\(op.mnemonic)`")
      }
      let block = FloatStorage(parameter.values)
      return OwnedBytes(block.bytes, owner: block)
    }
  }
}

/// Floats at a fixed address.
final class FloatStorage {
  private let floats: UnsafeMutableBufferPointer<Float>

  init(_ values: [Float]) {
    floats = .allocate(capacity: values.count)
    _ = floats.initialize(from: values)
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(floats) }

  deinit { floats.deallocate() }
}

/// Composes the nodes between a site's value and what its readers see.
private struct AffineComposition {
  private let graph: Graph
  private let times: BindingTimes
  private let x: ValueID
  private let channels: Int
  /// The operands that do not vary with the row.
  private let constants: [ValueID: [Float]]

  init(of graph: Graph, x: ValueID, channels: Int, leaf: (Op) throws -> OwnedBytes) throws {
    self.graph = graph
    self.x = x
    self.channels = channels
    let times = BindingTimes(of: graph)
    self.times = times
    var operands: [ValueID] = []
    var seen: Set<ValueID> = []
    func note(_ id: ValueID) {
      if times[id] != .step, graph.type(id).dtype == .f32, seen.insert(id).inserted { operands.append(id) }
    }
    for id in graph.order where times[id] == .step && id != x { graph[id].inputs.forEach(note) }
    note(graph.results[0].value)
    constants = Dictionary(
      uniqueKeysWithValues: zip(operands, try graph.constants(operands, leaf: leaf)))
  }

  /// The form of a value; `failure` says what is wrong with the node at which it ends.
  func value(of result: ValueID, failure: (Node) -> FileError) throws -> AffineTransport {
    var values: [ValueID: AffineTransport] = [x: AffineTransport(identityOf: channels)]
    for id in graph.order where times[id] == .step && id != x && !graph.inputs.contains(id) {
      let node = graph[id]
      let operands = node.inputs.map { values[$0] ?? constant($0) }
      guard let value = compose(node, operands) else { throw failure(node) }
      values[id] = value
    }
    guard let value = values[result] ?? constant(result) else { throw failure(graph[result]) }
    return value.width == channels
      ? value : value + AffineTransport([Double](repeating: 0, count: channels), of: channels)
  }

  /// A vector or a scalar, which is the same for every row.
  private func constant(_ id: ValueID) -> AffineTransport? {
    guard let values = constants[id], graph.type(id).shape.dropLast().allSatisfy({ $0 == .fixed(1) }) else {
      return nil
    }
    return AffineTransport(values.map(Double.init), of: channels)
  }

  private func compose(_ node: Node, _ operands: [AffineTransport?]) -> AffineTransport? {
    func operand(_ index: Int) -> AffineTransport? { operands[index] }
    switch node.op {
    case .unary(.neg): return operand(0)?.scaled(by: [-1])
    case .binary(let function):
      guard let a = operand(0), let b = operand(1) else { return nil }
      switch function {
      case .add: return a + b
      case .sub: return a + b.scaled(by: [-1])
      case .mul where b.isConstant: return a.scaled(by: b.shift)
      case .mul where a.isConstant: return b.scaled(by: a.shift)
      case .div where b.isConstant: return a.scaled(by: b.shift.map { 1 / $0 })
      default: return nil
      }
    case .affine:
      guard let a = operand(0), let scale = operand(1), let shift = operand(2), scale.isConstant else {
        return nil
      }
      return a.scaled(by: scale.shift) + shift
    case .linear:
      guard let a = operand(0), let values = constants[node.inputs[1]],
        let rows = graph.type(node.inputs[1]).shape[0].fixed
      else { return nil }
      let matrix = Matrix(rows: rows, columns: a.width, values.map(Double.init))
      let product = a.multiplied(by: matrix)
      guard node.inputs.count == 3 else { return product }
      return operand(2).map { product + $0 }
    default: return nil
    }
  }
}
