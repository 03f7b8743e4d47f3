import ActFormats
import ActIR
import ActPasses

/// The maps of one plan: the name, the transport and the parameters of each.
package struct MapSet: Sendable {
  package private(set) var transports: [Transport] = []
  package private(set) var files: [(name: String, file: MapFile)] = []
  /// What conditions test, in the order in which it was added.
  package private(set) var scores: [TokenScore] = []
  private var parameters: [String: FloatBlock] = [:]

  package init() {}

  /// A check of a map file against a model which `--force` can skip.
  package enum Check: String, Hashable, Sendable, CaseIterable {
    case fingerprint
  }

  /// Adds a map under `name`, in the order of application.
  ///
  /// - Throws: `FileError` where the map does not fit the model: another fingerprint, an unknown site, another width,
  ///   or a transport that is not one.
  package mutating func add(
    _ file: MapFile, name: String, path: String, model: Model, skipping skipped: Set<Check> = []
  ) throws {
    guard !files.contains(where: { $0.name == name }) else { throw UsageError("two maps named `\(name)`") }
    try Self.check(file, path: path, model: model, skipping: skipped)
    try add(file, name: name, path: path)
  }

  private static func check(
    _ file: MapFile, path: String, model: Model, skipping skipped: Set<Check>
  ) throws(FileError) {
    if !skipped.contains(.fingerprint) {
      let fingerprint = model.fingerprint
      guard file.modelFingerprint == fingerprint else {
        throw FileError(
          path, "model_fingerprint",
          "expected \(fingerprint.prefix(16))… of \(model.path), found \(file.modelFingerprint.prefix(16))…",
          next: "fit it on this model, or use --force fingerprint")
      }
    }
    let widths = Dictionary(
      uniqueKeysWithValues: model.graph.sites.map { ($0.name, $0.type.shape.last?.fixed ?? 0) })
    for site in file.sites {
      guard let width = widths[site.name] else {
        throw FileError(path, site.name, "the model has no such site", next: "see `actc sites \(model.path)`")
      }
      guard width == site.width else {
        throw FileError(path, site.name, "expected \(width) channels, found \(site.width)")
      }
    }
  }

  /// Adds a map that has just been fitted on the model.
  package mutating func add(fitted file: MapFile, name: String) throws {
    try add(file, name: name, path: "the fit so far")
  }

  private static let mostTransportNodes = 256

  /// Checks that the parameters have the shapes that the function declares, at every site.
  private static func checkShapes(_ file: MapFile, _ functions: MapFunctions, path: String) throws(FileError)
  {
    for (key, function) in [("transport", functions.transport)]
      + (functions.score.map { [("score", $0)] } ?? [])
    {
      guard let x = function.inputs.first(where: { function[$0].name == "x" }) else { return }
      guard case .symbol = function.type(x).shape[1] else {
        throw FileError(path, key, "expected %x: f32[T,D], of any width, found \(function.type(x))")
      }
    }
    for site in file.sites {
      do throws(ParameterMismatch) {
        _ = try functions.parameterTypes(
          at: TensorType(.f32, [.symbol("T"), .fixed(site.width)]), shapes: site.parameters.mapValues(\.shape)
        )
      } catch {
        throw FileError(
          path, "\(site.name)/\(error.parameter)", "expected \(error.expected), found \(error.found)")
      }
    }
  }

  /// Parses and checks a function of a file.
  private static func function(
    _ text: String, _ key: String, path: String, check: (Graph) throws -> Void
  ) throws(FileError) -> Graph {
    let function: Graph
    do {
      function = try Graph(parsing: text)
      try check(function)
    } catch {
      throw FileError(path, key, "\(error)")
    }
    guard function.valueBound <= Self.mostTransportNodes else {
      throw FileError(
        path, key, "expected at most \(Self.mostTransportNodes) nodes, found \(function.valueBound)")
    }
    return function
  }

  /// The functions of a file, of which each parameter has the shape that they declare.
  private static func functions(_ file: MapFile, path: String) throws(FileError) -> MapFunctions {
    var functions = MapFunctions(
      transport: try function(file.transport, "transport", path: path, check: Transport.check))
    if let score = file.score {
      functions.score = try function(score, "score", path: path, check: TokenScore.check)
    }
    guard Set(functions.parameterNames) == Set(file.parameterNames) else {
      let key = file.score == nil ? "transport" : "transport, score"
      throw FileError(
        path, key, "expected the parameters \(file.parameterNames), found \(functions.parameterNames)")
    }
    try checkShapes(file, functions, path: path)
    return functions
  }

  mutating func add(_ file: MapFile, name: String, path: String) throws {
    guard !files.contains(where: { $0.name == name }) else { throw UsageError("two maps named `\(name)`") }
    let functions = try Self.functions(file, path: path)
    var transport = Transport(
      name: name, function: functions.transport, sites: file.sites.map(\.name), scope: file.fit.scope)
    let names = Set(transport.parameterNames)
    for site in file.sites {
      transport.shapes[site.name] = site.parameters.mapValues(\.shape)
      for (parameter, value) in site.parameters where names.contains(parameter) {
        parameters["\(name)/\(site.name)/\(parameter)"] = FloatBlock(value.values)
      }
    }
    transports.append(transport)
    files.append((name, file))
  }

  /// Adds a score under `name`, whether or not the file's maps are added too.
  ///
  /// - Parameters:
  ///   - file: a map file with a score function.
  ///   - name: by which conditions ask for it.
  ///   - path: the file's, for errors.
  ///   - model: the model that the maps must fit.
  ///   - sites: which of the file's sites are read; nil: all.
  ///   - isReturned: whether the plan returns it, for conditions on a whole prompt.
  ///   - skipped: what is not checked.
  /// - Throws: `FileError` for a file that has no score or does not fit the model, `UsageError` for sites that it does not
  ///   have.
  package mutating func add(
    scoreOf file: MapFile, name: String, path: String, model: Model, at sites: [String]? = nil,
    isReturned: Bool = true, skipping skipped: Set<Check> = []
  ) throws {
    guard !scores.contains(where: { $0.name == name }) else { throw UsageError("two scores named `\(name)`") }
    try Self.check(file, path: path, model: model, skipping: skipped)
    guard let function = try Self.functions(file, path: path).score else {
      throw FileError(
        path, "score", "expected a score function, found none",
        next: "fit with a method that gives one, as `actc methods` says")
    }
    var score = TokenScore(
      name: name, function: function, sites: sites ?? file.sites.map(\.name), isReturned: isReturned)
    for name in score.sites {
      guard let site = file.sites.first(where: { $0.name == name }) else {
        throw UsageError("score `\(score.name)`: \(path) has no site `\(name)`")
      }
      let own = site.parameters.filter { score.parameterNames.contains($0.key) }
      score.shapes[name] = own.mapValues(\.shape)
      for (parameter, value) in own {
        parameters["\(TokenScore.owner(of: score.name))/\(name)/\(parameter)"] = FloatBlock(value.values)
      }
    }
    scores.append(score)
  }

  /// Lets conditions test the tokens of a map by a score, which is there already.
  ///
  /// - Throws: `UsageError` for a map or a score that is not there, or a gate that the map has.
  package mutating func add(_ gate: Gate) throws {
    guard let index = transports.firstIndex(where: { $0.name == gate.map }) else {
      throw UsageError("gate `\(gate.map)=\(gate.score)`: no map `\(gate.map)`")
    }
    guard scores.contains(where: { $0.name == gate.score }) else {
      throw UsageError("gate `\(gate.map)=\(gate.score)`: no score `\(gate.score)`")
    }
    guard !transports[index].gates.contains(gate.score) else {
      throw UsageError("gate `\(gate.map)=\(gate.score)` given twice")
    }
    transports[index].gates.append(gate.score)
  }

  /// The bytes of a parameter, valid for the lifetime of the set.
  func bytes(map: String, site: String, name: String) -> UnsafeRawBufferPointer? {
    parameters["\(map)/\(site)/\(name)"]?.bytes
  }
}

/// Floats at a fixed address.
private final class FloatBlock: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  init(_ values: [Float]) {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * 4, alignment: 64)
    values.withUnsafeBytes { block.copyMemory(from: $0) }
    bytes = UnsafeRawBufferPointer(block)
  }

  deinit { bytes.deallocate() }
}
