import Synchronization

/// A GGUF file as the Hugging Face model that it was converted from: configuration, tensors under their own names, and
/// tokenizer.
///
/// ``importGGUF(from:to:precision:note:progress:)`` writes what this has, so that a model that is read directly is the
/// same.
package final class GGUFModel: Sendable {
  package let path: String
  /// What the file leaves out, and what is taken in its place.
  package let notes: [String]
  let file: GGUFFile
  let tensors: [GGUFModelTensor]
  private let members: [JSON.Member]
  private let indices: [String: Int]
  private let tokenizer: Result<GGUFTokenizer?, FileError>

  /// Opens a file.
  ///
  /// - Throws: `FileError` for a file that is bad, and for an architecture, a value or a tensor that is not supported.
  package init(_ path: String) throws(FileError) {
    let file = try GGUFFile(path)
    let notes = Notes()
    let metadata = GGUFMetadata(file) { note in notes.texts.withLock { $0.append(note) } }
    if let kind = try metadata.string("general.type"), kind != "model" {
      throw FileError.unsupported(
        path, "general.type", "a file of `\(kind)` is not supported", next: "give the model's")
    }
    if let shards = file.metadata["split.count"]?.integer, shards > 1 {
      throw FileError.unsupported(
        path, "split.count", "a model in \(shards) files is not supported",
        next: "join them with `gguf-split --merge`")
    }
    let builder = try GGUFModelBuilder(file, metadata)
    tokenizer = Self.tokenizer(file, metadata)
    var members: [JSON.Member] = [
      .init("architectures", .array([.string(builder.architecture)])),
      .init("model_type", .string(builder.modelType)),
    ]
    members += builder.members
    members += try Self.tokens(file, metadata, (try? tokenizer.get()) ?? nil)
    self.path = path
    self.file = file
    self.members = members
    self.notes = notes.texts.withLock(\.self)
    tensors = builder.tensors
    indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  private final class Notes: Sendable { let texts = Mutex<[String]>([]) }

  /// `config.json` of a checkpoint whose tensors have the type `dtype`.
  func configuration(_ dtype: StorageType) -> JSON {
    let torchName = [StorageType.f16: "float16", .bf16: "bfloat16"][dtype] ?? "float32"
    return .object(members + [.init("torch_dtype", .string(torchName))])
  }

  /// `config.json` of the checkpoint as it is in the file.
  package var configuration: JSON { configuration(embeddingType) }

  /// The element type of the embedding, which stands for all.
  var embeddingType: StorageType { self[source: "token_embd.weight"]?.dtype ?? .f32 }

  private subscript(source name: String) -> GGUFModelTensor? { tensors.first { $0.source.name == name } }

  func tensor(named name: String) -> GGUFModelTensor? { indices[name].map { tensors[$0] } }

  // MARK: The tokenizer

  /// `tokenizer.json`; nil where the file has no tokenizer.
  ///
  /// - Throws: `FileError` for a tokenizer that is damaged or not supported.
  package func tokenizerJSON() throws(FileError) -> JSON? {
    guard let tokenizer = try tokenizer.get() else { return nil }
    return try tokenizer.json()
  }

  /// `tokenizer_config.json`; nil where the file has no tokenizer.
  ///
  /// - Throws: `FileError` for a tokenizer that is damaged or not supported.
  package func tokenizerConfiguration() throws(FileError) -> JSON? { try tokenizer.get()?.config }

  private static func tokenizer(
    _ file: GGUFFile, _ metadata: GGUFMetadata
  ) -> Result<GGUFTokenizer?, FileError> {
    switch file.metadata["tokenizer.ggml.model"] {
    case nil, .string("none"), .string("no_vocab"): return .success(nil)
    default: return Result { () throws(FileError) in try GGUFTokenizer(file, metadata) }
    }
  }

  /// The tokens that `config.json` names: those of the tokenizer, or if that is not supported, of the header. A text ends
  /// at that of a turn too.
  private static func tokens(
    _ file: GGUFFile, _ metadata: GGUFMetadata, _ tokenizer: GGUFTokenizer?
  ) throws(FileError) -> [JSON.Member] {
    func id(_ key: String, _ known: Int? = nil) throws(FileError) -> Int? {
      if let known { return known }
      let name = "tokenizer.ggml.\(key)_token_id"
      guard let value = file.metadata[name] else { return nil }
      guard let id = value.integer, (0..<SaneRange.size.upperBound).contains(id) else {
        throw metadata.failure(name, "the number of a token")
      }
      return id
    }
    let end = try id("eos", tokenizer?.end)
    var ends = [end].compactMap { $0 }
    for key in ["eot", "eom"] {
      if let other = try id(key), !ends.contains(other) { ends.append(other) }
    }
    let endValue: JSON =
      switch ends.count {
      case 0: .null
      case 1: .int(ends[0])
      default: .array(ends.map(JSON.int))
      }
    return [
      .init("bos_token_id", try id("bos", tokenizer?.beginning).map(JSON.int) ?? .null),
      .init("eos_token_id", endValue),
      .init("pad_token_id", try id("padding", tokenizer?.padding).map(JSON.int) ?? .null),
    ]
  }
}

extension GGUFModel: TensorSource {
  var names: [String] { tensors.map(\.name) }

  /// The file that an import would write.
  var files: [CheckpointFile] {
    [CheckpointFile(name: "model.safetensors", metadata: [("format", "pt")], tensors: names)]
  }

  func info(of name: String) -> TensorInfo? {
    tensor(named: name).map {
      TensorInfo(name: name, dtype: $0.dtype, shape: $0.shape, range: 0..<$0.byteCount)
    }
  }

  func elements(of name: String) -> OwnedBytes? { tensor(named: name)?.elements(of: file) }

  func read(_ ranges: [Range<Int>], of name: String, _ receive: (UnsafeRawBufferPointer) -> Void) {
    guard let tensor = tensor(named: name) else { return }
    if tensor.isInPlace || tensor.mixesRows {
      let elements = tensor.elements(of: file)
      withExtendedLifetime(elements.owner) {
        for range in ranges { receive(UnsafeRawBufferPointer(rebasing: elements.bytes[range])) }
      }
      return
    }
    for range in ranges where !range.isEmpty {
      let first = range.lowerBound / tensor.rowBytes
      let rows = first..<(range.upperBound - 1) / tensor.rowBytes + 1
      let block = ElementBlock(byteCount: rows.count * tensor.rowBytes)
      withExtendedLifetime(block) {
        tensor.write(rows, of: file, to: block.bytes)
        let start = range.lowerBound - first * tensor.rowBytes
        receive(UnsafeRawBufferPointer(rebasing: block.bytes[start..<start + range.count]))
      }
    }
  }

  func discardPages(of name: String) {
    if let tensor = tensor(named: name) { file.discardPages(of: tensor.source) }
  }

  func checkFinite(_ name: String, _ elements: UnsafeRawBufferPointer) throws(FileError) {
    try tensor(named: name)?.checkFinite(elements, path: path)
  }
}
