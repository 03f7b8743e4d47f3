import ActFormats
import ActIR

/// An adapter of PEFT, opened: pairs of narrow matrices whose product is added to a model's (LoRA, arXiv 2106.09685).
package final class LowRankAdapter: Sendable {
  /// The matrices beside one of the model's.
  struct Pair: Sendable {
    /// The module, as the adapter calls it.
    var module: String
    /// `[rank, in]` and `[out, rank]`; of a convolution `[rank, in, kh, kw]` and `[out, rank, 1, 1]`; of an embedding
    /// `[rank, tokens]` and `[width, rank]`.
    var a, b: TensorInfo
    /// The rows of `b` that are the module's, in the order of its own; nil: all.
    var rows: [Range<Int>]? = nil
    /// `[out]`: what is added to the layer's bias, where the adapter has that.
    var bias: TensorInfo?
    /// What their product, and the bias, are multiplied by.
    var scale: Double
    var isEmbedding: Bool
  }

  package let path: String
  /// What the whole adapter is multiplied by.
  package let weight: Double
  /// SHA-256 of its tensors' file, in hexadecimal digits.
  package let sha256: String
  let pairs: [Pair]
  /// Copies of the model's own matrices, as PEFT saves them of embeddings, by module.
  let baseLayers: [(module: String, tensor: TensorInfo)]
  /// Whether the model has matrices as `[in, out]`.
  let isTransposed: Bool
  private let file: SafetensorsFile

  /// Opens an adapter: a directory with `adapter_config.json` and `adapter_model.safetensors`, or the latter beside the
  /// former.
  ///
  /// - Throws: `FileError` for a damaged adapter, and for one of another kind, which is unsupported.
  package init(_ path: String, weight: Double) throws(FileError) {
    let tensorsPath = path.hasSuffix(".safetensors") ? path : "\(path)/adapter_model.safetensors"
    let configuration = try AdapterConfiguration("\(AtomicFile.directory(tensorsPath))/adapter_config.json")
    file = try SafetensorsFile(tensorsPath)
    sha256 = try SHA256.hex(ofFile: tensorsPath)
    self.path = path
    self.weight = weight
    isTransposed = configuration.isTransposed
    let suffix = ".base_layer.weight"
    baseLayers = file.tensors.filter { $0.name.hasSuffix(suffix) }.map { tensor in
      (TensorName.module(String(tensor.name.dropLast(suffix.count))), tensor)
    }
    pairs = try Self.pairs(file, configuration)
  }

  /// An adapter of pairs that stand in a file with others.
  init(file: SafetensorsFile, sha256: String, weight: Double, pairs: [Pair]) {
    path = file.path
    self.weight = weight
    self.sha256 = sha256
    self.pairs = pairs
    baseLayers = []
    isTransposed = false
    self.file = file
  }

  /// The elements of a tensor of the adapter; nil where it has none of that name.
  func bytes(_ name: String) -> UnsafeRawBufferPointer? { file[name].map { file.bytes(of: $0) } }

  /// Checks that a tensor's elements are finite.
  func checkFinite(_ name: String) throws(FileError) {
    if let tensor = file[name] { try file.checkFinite(tensor) }
  }

  private static func pairs(
    _ file: SafetensorsFile, _ configuration: AdapterConfiguration
  ) throws(FileError) -> [Pair] {
    var halves: [String: (a: TensorInfo?, b: TensorInfo?, isEmbedding: Bool)] = [:]
    var biases: [String: TensorInfo] = [:]
    for tensor in file.tensors where !tensor.name.hasSuffix(".base_layer.weight") {
      guard let name = TensorName(tensor.name) else {
        throw FileError.unsupported(
          file.path, tensor.name,
          "expected pairs `….lora_A.weight` and `….lora_B.weight`, found another tensor",
          next: "adapters that also replace or bias layers are not supported; merge it with PEFT")
      }
      if name.isBias {
        guard configuration.hasBias, [.f32, .f16, .bf16].contains(tensor.dtype), tensor.shape.count == 1
        else {
          throw FileError(
            file.path, tensor.name,
            "expected a vector, of an adapter with `lora_bias`, found \(tensor.dtype.rawValue) \(tensor.shape)"
          )
        }
        guard biases.updateValue(tensor, forKey: name.module) == nil else {
          throw FileError(file.path, tensor.name, "is there twice")
        }
        continue
      }
      guard [.f32, .f16, .bf16].contains(tensor.dtype), tensor.shape.count == 2,
        tensor.shape.allSatisfy({ $0 > 0 })
      else {
        throw FileError(
          file.path, tensor.name, "expected a matrix, found \(tensor.dtype.rawValue) \(tensor.shape)")
      }
      var half = halves[name.module] ?? (nil, nil, name.isEmbedding)
      guard half.isEmbedding == name.isEmbedding, (name.isA ? half.a : half.b) == nil else {
        throw FileError(file.path, tensor.name, "is there twice")
      }
      if name.isA { half.a = tensor } else { half.b = tensor }
      halves[name.module] = half
    }
    guard !halves.isEmpty else { throw FileError(file.path, nil, "expected an adapter, found no matrices") }
    var pairs: [Pair] = []
    for (module, half) in halves.sorted(by: { $0.key < $1.key }) {
      guard let a = half.a, let b = half.b else {
        throw FileError(file.path, module, "expected both matrices of a pair, found one")
      }
      guard a.shape[0] == b.shape[1] else {
        throw FileError(
          file.path, b.name, "expected a rank of \(a.shape[0]), as `\(a.name)` has, found \(b.shape)")
      }
      let bias = biases.removeValue(forKey: module)
      guard bias.map({ $0.shape[0] == b.shape[0] }) ?? true, bias != nil || !configuration.hasBias else {
        throw FileError(
          file.path, bias?.name ?? module,
          "expected a bias of \(b.shape[0]) numbers, found \(bias.map { "\($0.shape[0])" } ?? "none")")
      }
      pairs.append(
        Pair(
          module: module, a: a, b: b, bias: bias,
          scale: try configuration.scale.scale(of: module, rank: a.shape[0]), isEmbedding: half.isEmbedding))
    }
    if let module = biases.keys.min() {
      throw FileError(file.path, module, "expected both matrices of a pair, found a bias alone")
    }
    return pairs
  }
}

/// A tensor's name taken apart: `base_model.model.MODULE.lora_A.weight`, in which an adapter's own name may stand after
/// `lora_A`, or `….lora_B.bias`.
private struct TensorName {
  var module: String
  var isA: Bool
  var isEmbedding: Bool
  var isBias: Bool

  /// A module by the name that the model has for it.
  static func module(_ name: String) -> String {
    let prefix = "base_model.model."
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }

  init?(_ name: String) {
    let parts = Self.module(name).split(separator: ".", omittingEmptySubsequences: false)[...]
    let kinds: [(name: Substring, isA: Bool, isEmbedding: Bool)] = [
      ("lora_A", true, false), ("lora_B", false, false), ("lora_embedding_A", true, true),
      ("lora_embedding_B", false, true),
    ]
    guard
      let index = parts.lastIndex(where: { part in kinds.contains { $0.name == part } }),
      let kind = kinds.first(where: { $0.name == parts[index] }), index > parts.startIndex
    else { return nil }
    let rest = parts[(index + 1)...]
    isBias = !kind.isEmbedding && !kind.isA && rest.last == "bias"
    guard kind.isEmbedding ? rest.count <= 1 : (isBias || rest.last == "weight") && rest.count <= 2 else {
      return nil
    }
    module = parts[..<index].joined(separator: ".")
    isA = kind.isA
    isEmbedding = kind.isEmbedding
  }
}

/// What `adapter_config.json` says.
private struct AdapterConfiguration {
  let scale: AdapterScale
  let isTransposed: Bool
  /// Whether the second matrix of every pair has a bias.
  let hasBias: Bool

  init(_ path: String) throws(FileError) {
    let json = try JSON(readingFile: path)
    func unsupported(_ key: String, _ next: String = "merge it with PEFT") -> FileError {
      .unsupported(path, key, "`\(json[key]?.description.prefix(60) ?? "")` is not supported", next: next)
    }
    guard json["peft_type"]?.string?.uppercased() == "LORA" else {
      throw unsupported("peft_type", "adapters of LoRA are")
    }
    for key in ["use_dora", "use_qalora"] where json[key]?.bool == true {
      throw unsupported(key)
    }
    for key in [
      "modules_to_save", "layer_replication", "trainable_token_indices", "target_parameters",
      "alora_invocation_tokens", "use_bdlora",
    ] {
      guard let value = json[key], value != .null, value.bool != false, value.array?.isEmpty != true else {
        continue
      }
      throw unsupported(key)
    }
    guard [nil, "none"].contains(json["bias"]?.string) else { throw unsupported("bias") }
    scale = try AdapterScale(json, path: path)
    isTransposed = json["fan_in_fan_out"]?.bool ?? false
    hasBias = json["lora_bias"]?.bool ?? false
  }
}
