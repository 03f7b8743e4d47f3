import ActFormats
import ActIR

/// An adapter of a pipeline, opened: pairs of narrow matrices for the modules of several of its networks, as diffusers
/// and kohya's scripts save them.
///
/// Tensors are named `COMPONENT.MODULE.lora_A.weight` and `….lora_B.weight`, in older files `….lora.down.weight` and
/// `….lora.up.weight`; or `lora_unet_MODULE.lora_down.weight` and `….lora_up.weight`, where a module has underscores in
/// place of its dots. `ModuleNames` knows what a module may be called. `….alpha` over the rank is what a product is
/// multiplied by.
package struct PipelineAdapter: Sendable {
  /// Which half of a pair a tensor is.
  private enum Half { case a, b, alpha }

  private struct Group {
    var a, b, alpha: TensorInfo?
  }

  private let file: SafetensorsFile
  private let weight: Double
  private let sha256: String
  /// The pairs by what stands before the name of the half.
  private let groups: [(name: String, group: Group)]
  /// What products are multiplied by that have no alpha, by component: alpha over the rank of the file's metadata.
  private let metadata: JSON?

  /// How names of halves end.
  private static let endings: [(text: String, half: Half)] = [
    (".lora_A.weight", .a), (".lora_B.weight", .b), (".lora_A.default.weight", .a),
    (".lora_B.default.weight", .b), (".lora_down.weight", .a), (".lora_up.weight", .b),
    (".lora.down.weight", .a), (".lora.up.weight", .b), (".lora_linear_layer.down.weight", .a),
    (".lora_linear_layer.up.weight", .b), ("_lora.down.weight", .a), ("_lora.up.weight", .b),
    (".down.weight", .a), (".up.weight", .b), (".alpha", .alpha),
  ]

  private static let denoisers = ["unet", "transformer"]

  /// How names begin where they do not with a component, and the components that they may then be of.
  private static let beginnings: [(text: String, components: [String])] = [
    ("lora_unet_", denoisers), ("lora_transformer_", ["transformer"]), ("diffusion_model.", denoisers),
    ("base_model.model.", denoisers), ("lora_te_", ["text_encoder"]), ("lora_te1_", ["text_encoder"]),
    ("lora_te2_", ["text_encoder_2"]), ("lora_te3_", ["text_encoder_3", "text_encoder_2"]),
    ("text_encoders.clip_l.transformer.", ["text_encoder"]),
    ("text_encoders.clip_g.transformer.", ["text_encoder_2"]),
    ("text_encoders.t5xxl.transformer.", ["text_encoder_3", "text_encoder_2"]),
  ]

  /// Opens an adapter: a file, or a directory with `pytorch_lora_weights.safetensors`.
  ///
  /// - Throws: `FileError` for a damaged adapter, and for tensors of another kind.
  package init(_ path: String, weight: Double) throws(FileError) {
    let path = path.hasSuffix(".safetensors") ? path : "\(path)/pytorch_lora_weights.safetensors"
    file = try SafetensorsFile(path)
    sha256 = try SHA256.hex(ofFile: path)
    self.weight = weight
    var groups: [String: Group] = [:]
    for tensor in file.tensors {
      guard let ending = Self.endings.first(where: { tensor.name.hasSuffix($0.text) }) else {
        throw FileError.unsupported(
          path, tensor.name,
          "expected pairs `….lora_A.weight` and `….lora_B.weight`, or `….lora_down.weight` and `….lora_up.weight`, "
            + "found another tensor", next: "adapters of LoRA alone are supported; merge it with diffusers")
      }
      guard [.f32, .f16, .bf16].contains(tensor.dtype), tensor.shape.allSatisfy({ $0 > 0 }),
        ending.half == .alpha ? tensor.elementCount == 1 : [2, 4].contains(tensor.shape.count)
      else {
        throw FileError(
          path, tensor.name,
          "expected \(ending.half == .alpha ? "a number" : "a matrix or a convolution") of floats, found "
            + "\(tensor.dtype.rawValue) \(tensor.shape)")
      }
      let name = String(tensor.name.dropLast(ending.text.count))
      var group = groups[name] ?? Group()
      let isThere: Bool
      switch ending.half {
      case .a: (isThere, group.a) = (group.a != nil, tensor)
      case .b: (isThere, group.b) = (group.b != nil, tensor)
      case .alpha: (isThere, group.alpha) = (group.alpha != nil, tensor)
      }
      guard !isThere else { throw FileError(path, tensor.name, "is there twice") }
      groups[name] = group
    }
    guard !groups.isEmpty else { throw FileError(path, nil, "expected an adapter, found no matrices") }
    self.groups = groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let text = file.metadata("lora_adapter_metadata")
    do { metadata = try text.map { try JSON(parsing: $0) } } catch {
      throw FileError(path, "lora_adapter_metadata", "\(error)")
    }
  }

  /// What of it is for each network of a pipeline.
  ///
  /// - Parameter networks: the components, with their weights.
  /// - Returns: an adapter for each, in their order; nil for one that it leaves alone.
  /// - Throws: `FileError` for a pair whose module no network has, and for one that does not fit.
  package func adapters(
    for networks: [(name: String, checkpoint: Checkpoint)]
  ) throws(FileError) -> [LowRankAdapter?] {
    var pairs = networks.map { _ in [LowRankAdapter.Pair]() }
    let modules = networks.map { ModuleNames(of: $0.checkpoint) }
    // The pair that a module has, by its network and its name.
    var owners: [[String: String]] = networks.map { _ in [:] }
    for (name, group) in groups {
      guard let a = group.a, let b = group.b else {
        let found = group.a ?? group.b ?? group.alpha
        throw FileError(file.path, found?.name ?? name, "expected both matrices of a pair, found one tensor")
      }
      guard let (index, parts) = place(of: name, networks.map(\.name), modules) else {
        throw FileError(
          file.path, a.name, "no network of the pipeline has this module",
          next: "it has \(networks.map(\.name).joined(separator: ", ")); is it an adapter of another model?")
      }
      guard a.shape.count == b.shape.count, a.shape[0] == b.shape[1],
        b.shape.dropFirst(2).allSatisfy({ $0 == 1 })
      else {
        throw FileError(
          file.path, b.name, "expected a rank of \(a.shape[0]), as `\(a.name)` has, found \(b.shape)")
      }
      let ends = parts.compactMap { $0.rows?.map(\.upperBound).max() }
      guard let count = ends.max() ?? b.shape.first, count == b.shape[0] else {
        throw FileError(
          file.path, b.name,
          "expected \(ends.max() ?? 0) rows, of \(parts.map { "`\($0.module)`" }.joined(separator: ", ")), found "
            + "\(b.shape[0])", next: "is it an adapter of another model?")
      }
      let scale = try scale(of: name, group, rank: a.shape[0], in: networks[index].name)
      for part in parts {
        if let other = owners[index].updateValue(name, forKey: part.module) {
          throw FileError(
            file.path, a.name, "`\(other)` is of the same module, `\(part.module)` of \(networks[index].name)"
          )
        }
        pairs[index].append(
          LowRankAdapter.Pair(
            module: part.module, a: a, b: b, rows: part.rows, bias: nil, scale: scale, isEmbedding: false))
      }
    }
    return pairs.map { pairs in
      pairs.isEmpty ? nil : LowRankAdapter(file: file, sha256: sha256, weight: weight, pairs: pairs)
    }
  }

  /// The network and the modules that a name is of.
  private func place(
    of name: String, _ networks: [String], _ modules: [ModuleNames]
  ) -> (network: Int, parts: [ModuleNames.Part])? {
    let beginnings = networks.map { ("\($0).", [$0]) } + Self.beginnings
    let beginning = beginnings.first { name.hasPrefix($0.0) } ?? ("", Self.denoisers)
    let module = String(name.dropFirst(beginning.0.count))
    for index in networks.indices where beginning.1.contains(networks[index]) {
      if let found = modules[index].parts(of: module) { return (index, found) }
    }
    return nil
  }

  /// What the product of a pair is multiplied by.
  private func scale(
    of name: String, _ group: Group, rank: Int, in network: String
  ) throws(FileError) -> Double {
    if let alpha = group.alpha {
      try file.checkFinite(alpha)
      let bytes = file.bytes(of: alpha)
      let value =
        switch alpha.dtype {
        case .f16: Double(Float(halfBits: bytes.loadUnaligned(as: UInt16.self)))
        case .bf16: Double(Float(bfloatBits: bytes.loadUnaligned(as: UInt16.self)))
        default: Double(bytes.loadUnaligned(as: Float.self))
        }
      return value / Double(rank)
    }
    let prefix = "\(network)."
    guard let metadata, metadata["\(prefix)lora_alpha"] != nil else { return 1 }
    let module = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    return try AdapterScale(
      metadata, path: file.path, place: "lora_adapter_metadata.", prefix: prefix
    ).scale(of: module, rank: rank)
  }
}
