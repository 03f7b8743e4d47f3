import ActFormats
import ActIR
import ActPasses

/// The maps of one plan: the name, the transport and the parameters of each.
package struct MapSet: Sendable {
  package private(set) var transports: [Transport] = []
  package private(set) var files: [(name: String, file: MapFile)] = []
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
    try add(file, name: name, path: path)
  }

  /// Adds a map that has just been fitted on the model.
  package mutating func add(fitted file: MapFile, name: String) throws {
    try add(file, name: name, path: "the fit so far")
  }

  private static let mostTransportNodes = 256

  /// Checks that the parameters have the shapes that the function declares, at every site.
  private static func checkShapes(_ file: MapFile, _ function: Graph, path: String) throws(FileError) {
    guard let x = function.inputs.first(where: { function[$0].name == "x" }) else { return }
    guard case .symbol = function.type(x).shape[1] else {
      throw FileError(path, "transport", "expected %x: f32[T,D], of any width, found \(function.type(x))")
    }
    for site in file.sites {
      do throws(ParameterMismatch) {
        _ = try function.parameterTypes(
          at: TensorType(.f32, [.symbol("T"), .fixed(site.width)]), shapes: site.parameters.mapValues(\.shape)
        )
      } catch {
        throw FileError(
          path, "\(site.name)/\(error.parameter)", "expected \(error.expected), found \(error.found)")
      }
    }
  }

  private mutating func add(_ file: MapFile, name: String, path: String) throws {
    let function: Graph
    do {
      function = try Graph(parsing: file.transport)
      try Transport.check(function)
    } catch {
      throw FileError(path, "transport", "\(error)")
    }
    guard function.valueBound <= Self.mostTransportNodes else {
      throw FileError(
        path, "transport", "expected at most \(Self.mostTransportNodes) nodes, found \(function.valueBound)")
    }
    var transport = Transport(
      name: name, function: function, sites: file.sites.map(\.name), scope: file.fit.scope)
    guard Set(transport.parameterNames) == Set(file.parameterNames) else {
      throw FileError(
        path, "transport", "expected the parameters \(file.parameterNames), found \(transport.parameterNames)"
      )
    }
    try Self.checkShapes(file, function, path: path)
    for site in file.sites {
      transport.shapes[site.name] = site.parameters.mapValues(\.shape)
      for (parameter, value) in site.parameters {
        parameters["\(name)/\(site.name)/\(parameter)"] = FloatBlock(value.values)
      }
    }
    transports.append(transport)
    files.append((name, file))
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
