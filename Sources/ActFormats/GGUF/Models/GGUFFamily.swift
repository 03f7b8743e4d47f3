/// One architecture of GGUF files: how a file of it becomes the Hugging Face model that it was converted from.
struct GGUFFamily: Sendable {
  /// As in `general.architecture`.
  let name: String
  /// As in the `architectures` and the `model_type` of `config.json`.
  let architecture, modelType: String
  /// Reads the file's values and tensors, each of which must be read.
  let read: @Sendable (inout GGUFModelBuilder) throws(FileError) -> Void

  init(
    _ name: String, _ architecture: String, modelType: String,
    read: @escaping @Sendable (inout GGUFModelBuilder) throws(FileError) -> Void
  ) {
    self.name = name
    self.architecture = architecture
    self.modelType = modelType
    self.read = read
  }
}

/// Every architecture, one line each.
private let families: [GGUFFamily] = [
  ggufLlama,
  ggufQwen2,
  ggufQwen2MoE,
  ggufQwen3,
  ggufQwen3MoE,
  ggufGemma,
  ggufGemma2,
  ggufGemma3,
  ggufPhi2,
  ggufPhi3,
  ggufGPT2,
  ggufGPTNeoX,
  ggufOLMo2,
  ggufStableLM,
  ggufGranite,
  ggufCommandR,
  ggufBert,
]

extension GGUFFamily {
  /// The names of all architectures, each as in GGUF files and as in `config.json`.
  static let names = families.map { (gguf: $0.name, architecture: $0.architecture) }

  /// The architecture of a file.
  static func of(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) -> GGUFFamily {
    let key = "general.architecture"
    let name = try metadata.string(key)
    guard let family = families.first(where: { $0.name == name }) else {
      throw FileError.unsupported(
        file.path, key, "`\(name ?? "none")` is not supported",
        next: "known: \(families.map(\.name).joined(separator: ", "))")
    }
    return family
  }
}

/// The architectures of GGUF files that can be read, each with what `config.json` calls it.
package let ggufArchitectures = GGUFFamily.names
