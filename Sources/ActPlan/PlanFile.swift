import ActFormats
import ActIR
import ActText

/// A plan on disk: a safetensors file with the packed weights as tensors and everything else as metadata.
///
/// A plan has one or more modules: graphs that run one after another, share tensors by name and take turns in the memory
/// they work in. A wire says which result of a module is an input of a later one.
///
/// Metadata keys: `format` (`actplan/2`), `plan` (the text form of every module), those of ``PlanTexts``, `pipeline` where
/// the modules are a pipeline's (``PlanPipeline``), and `provenance`
/// (JSON: fingerprints of model and maps, options, compiler).
package struct PlanFile: Sendable {
  package static let format = "actplan/2"

  /// In the order in which the file has them; at least one.
  package let modules: [Plan]
  /// The first module.
  package var plan: Plan { modules[0] }
  package let file: SafetensorsFile
  package let provenance: JSON
  /// Of a classifier, what its logits tell apart.
  package let labels: Labels?
  /// The tokens that end a text, beside the tokenizer's own.
  package let endTokens: [Int]
  /// Of a pipeline, how its modules make a picture.
  package let pipeline: PlanPipeline?

  /// Maps and checks a plan. No content of a file that passes can make the runtime leave its buffers.
  package init(_ path: String) throws {
    file = try SafetensorsFile(path)
    guard let format = file.metadata("format"), let text = file.metadata("plan") else {
      throw FileError(
        path, nil, "expected a plan, found a safetensors file without one", next: "compile it with actc")
    }
    guard format == Self.format else {
      throw FileError(
        path, "format", "expected \(Self.format), found \(format)", next: "compile it again with this version"
      )
    }
    do {
      modules = try Plan.parseModules(text)
      for module in modules { try module.verify() }
      try Plan.verifyWires(of: modules)
    } catch {
      throw FileError(
        path, "plan", "\(error)", next: "the file is damaged or not from actc; compile it again")
    }
    for constant in modules.flatMap(\.constants) {
      guard let tensor = file[constant.name] else {
        throw FileError(path, constant.name, "expected \(constant.type), found no such tensor")
      }
      let stored = StoredType(constant.type)
      guard tensor.dtype == stored.dtype, tensor.shape == stored.shape else {
        let layout =
          constant.type.dtype.packedFormat == nil ? "" : ", \(stored.dtype.rawValue) \(stored.shape)"
        throw FileError(
          path, constant.name,
          "expected \(constant.type)\(layout), found \(tensor.dtype.rawValue) \(tensor.shape)")
      }
    }
    do { provenance = try JSON(parsing: file.metadata("provenance") ?? "{}") } catch {
      throw FileError(path, "provenance", "\(error)")
    }
    endTokens = try file.endTokens()
    labels = try file.labels()
    pipeline = try PlanPipeline(file)
  }

  /// The layout of chats that the plan carries.
  ///
  /// - Throws: `FileError` for a plan without one, and for one that is not supported.
  package func makeChatTemplate() throws(FileError) -> ChatTemplate {
    let (key, path) = ("tokenizer_config", "\(file.path): tokenizer_config")
    guard let json = try file.json(key) else {
      throw FileError(
        file.path, key, "the plan has none: the model has no layout for chats",
        next: "use `actrun generate`, or compile it from a directory with tokenizer_config.json")
    }
    return try ChatTemplate(TokenizerConfig(json: json, path: path), path: path)
  }

  /// The tokenizer that the plan carries, of a name where it carries several; nil where it has none. Its tables and rules
  /// are checked here.
  package func makeTokenizer(_ name: String? = nil) throws(FileError) -> Tokenizer? {
    guard let compiled = try CompiledTokenizer(in: file, name: name) else { return nil }
    return try Tokenizer(
      compiled, path: "\(file.path): \(PlanTokenizer.key("tokenizer", name))",
      config: tokenizerConfiguration(name))
  }

  /// The `tokenizer_config.json` that the plan carries, of the tokenizer of a name; nil where it has none.
  package func tokenizerConfiguration(_ name: String?) throws(FileError) -> TokenizerConfig? {
    let key = PlanTokenizer.key("tokenizer_config", name)
    return try file.json(key).map { (json) throws(FileError) in
      try TokenizerConfig(json: json, path: "\(file.path): \(key)")
    }
  }

  /// Writes a plan. `produce` passes the tensors to its sink in order, one at a time, so that none is held longer than
  /// needed.
  package static func write(
    _ modules: [Plan], to path: String, tensors: [(name: String, type: TensorType)],
    texts: PlanTexts, pipeline: PlanPipeline? = nil, provenance: JSON,
    produce: ((_ name: String, _ bytes: UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let entries = tensors.map { name, type in
      let stored = StoredType(type)
      return SafetensorsWriter.Entry(name, stored.dtype, stored.shape)
    }
    var metadata: [(key: String, value: String)] = [
      ("format", format), ("plan", modules.map(\.description).joined(separator: "\n")),
      ("provenance", provenance.description),
    ]
    metadata += texts.metadata
    if let pipeline { metadata.append((PlanPipeline.key, pipeline.json.description)) }
    let writer = try SafetensorsWriter(
      path, texts.tokenizers.flatMap(\.entries) + entries, metadata: metadata)
    for tokenizer in texts.tokenizers { try tokenizer.write(to: writer) }
    try produce { name, bytes in try writer.append(bytes, to: name) }
    try writer.finish()
  }
}

/// The type and shape of a value in a safetensors file, which has no packed types: panels are the first dimension.
private struct StoredType {
  var dtype: StorageType
  var shape: [Int]

  init(_ type: TensorType) {
    shape = type.shape.map { $0.fixed ?? 0 }
    // Of several matrices, how many; then the panels and units of each.
    var grid: [Int] = []
    let format = type.dtype.packedFormat
    if let format {
      let (panels, units) = format.grid(rows: shape[shape.count - 2], columns: shape[shape.count - 1])
      grid = shape.dropLast(2) + [panels, units]
    }
    switch type.dtype {
    // Masks as they lie in memory, 1 and 0.
    case .f32, .bool: dtype = .f32
    case .f16: dtype = .f16
    case .bf16: dtype = .bf16
    case .i32: dtype = .i32
    case .f32x16:
      dtype = .f32
      shape = grid + [16]
    case .bf16x16:
      dtype = .bf16
      shape = grid + [16, 16, 2]
    case .kvf32, .kvbf16: preconditionFailure("keys and values are no constants")
    case .q8x16, .q4x16:
      dtype = .u8
      shape = grid + [format!.unitByteCount]
    }
  }
}

extension TensorType {
  /// The type of a tensor in a file; nil where graphs have no such element type.
  package init?(_ tensor: TensorInfo) {
    guard let dtype = DType(tensor.dtype) else { return nil }
    self.init(dtype, tensor.shape.map { .fixed($0) })
  }
}

extension DType {
  /// The element type of a tensor in a file; nil where graphs have no such type.
  package init?(_ storage: StorageType) {
    switch storage {
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .i32: self = .i32
    default: return nil
    }
  }
}
