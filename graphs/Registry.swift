import ActFormats
import ActIR

/// One family of models: how its configuration and weights become a graph.
struct Architecture: Sendable {
  /// As in the `architectures` of `config.json`; several where they differ in heads that are not read.
  let names: [String]
  let build: @Sendable (Configuration, @escaping (String) -> TensorType?) throws -> ModelGraph

  init(
    _ names: String...,
    build: @escaping @Sendable (Configuration, @escaping (String) -> TensorType?) throws -> ModelGraph
  ) {
    self.names = names
    self.build = build
  }
}

/// Every architecture, one line each.
private let architectures: [Architecture] = [
  llama,
  qwen2,
  bert,
]

extension ModelGraph {
  /// Builds the graph of a model.
  ///
  /// - Parameters:
  ///   - configuration: the model's `config.json`, parsed.
  ///   - path: its path, for messages.
  ///   - weightType: the type of a tensor of the checkpoint by name, or nil.
  /// - Throws: `FileError` for an unknown architecture, which is unsupported, and for a configuration or a checkpoint
  ///   that does not fit it.
  package init(
    configuration: JSON, path: String, weightType: @escaping (String) -> TensorType?
  ) throws {
    guard let name = configuration["architectures"]?.array?.first?.string else {
      throw FileError(path, "architectures", "expected a list with one name")
    }
    guard let architecture = architectures.first(where: { $0.names.contains(name) }) else {
      let known = architectures.flatMap(\.names).joined(separator: ", ")
      throw FileError.unsupported(
        path, "architectures", "`\(name)` is not supported", next: "known: \(known)")
    }
    self = try architecture.build(Configuration(path: path, json: configuration), weightType)
    try graph.verify()
  }
}
