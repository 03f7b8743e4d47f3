import ActFormats
import ActIR

/// An adapter of a pipeline, opened: pairs of narrow matrices for the modules of several of its networks, as diffusers
/// and kohya's scripts save them.
///
/// Tensors are named `COMPONENT.MODULE.lora_A.weight` and `….lora_B.weight`, in older files `….lora.down.weight` and
/// `….lora.up.weight`; or `lora_unet_MODULE.lora_down.weight` and `….lora_up.weight`, where a module has underscores in
/// place of its dots. `….alpha` over the rank is what a product is multiplied by.
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
    (".alpha", .alpha),
  ]

  /// How kohya's scripts begin the names of a network's modules, and the components that these may be.
  private static let beginnings: [(text: String, components: [String])] = [
    ("lora_unet_", ["unet", "transformer"]), ("lora_transformer_", ["transformer"]),
    ("lora_te_", ["text_encoder"]), ("lora_te1_", ["text_encoder"]), ("lora_te2_", ["text_encoder_2"]),
    ("lora_te3_", ["text_encoder_3"]),
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
    let modules = networks.map { Self.spellings(of: $0.checkpoint) }
    for (name, group) in groups {
      guard let a = group.a, let b = group.b else {
        let found = group.a ?? group.b ?? group.alpha
        throw FileError(file.path, found?.name ?? name, "expected both matrices of a pair, found one tensor")
      }
      guard let (index, module) = place(of: name, networks, modules) else {
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
      pairs[index].append(
        LowRankAdapter.Pair(
          module: module, a: a, b: b, bias: nil,
          scale: try scale(group, rank: a.shape[0], of: networks[index].name),
          isEmbedding: false))
    }
    return pairs.map { pairs in
      pairs.isEmpty ? nil : LowRankAdapter(file: file, sha256: sha256, weight: weight, pairs: pairs)
    }
  }

  /// The modules of a network as kohya's scripts spell them: with underscores in place of dots, of a UNet also by the
  /// names of the model that it was converted from.
  private static func spellings(of checkpoint: Checkpoint) -> [String: String] {
    let modules = checkpoint.names.filter { $0.hasSuffix(".weight") }.map {
      String($0.dropLast(".weight".count))
    }
    let originals = OriginalUNetNames(modules)
    var spellings: [String: String] = [:]
    for module in modules {
      spellings[module.replacing(".", with: "_")] = module
      if let other = originals.name(of: module) { spellings[other.replacing(".", with: "_")] = module }
    }
    return spellings
  }

  /// The network and the module that a name is of.
  private func place(
    of name: String, _ networks: [(name: String, checkpoint: Checkpoint)], _ modules: [[String: String]]
  ) -> (network: Int, module: String)? {
    if let beginning = Self.beginnings.first(where: { name.hasPrefix($0.text) }) {
      let module = String(name.dropFirst(beginning.text.count))
      for index in networks.indices where beginning.components.contains(networks[index].name) {
        // A tower of text may have a prefix, or not.
        let bare = module.hasPrefix("text_model_") ? String(module.dropFirst("text_model_".count)) : module
        if let found = modules[index][module] ?? modules[index][bare] { return (index, found) }
      }
      return nil
    }
    func found(_ module: String, in index: Int) -> (Int, String)? {
      let module = Self.withoutProcessor(module)
      return networks[index].checkpoint.weight(of: module) == nil ? nil : (index, module)
    }
    if let index = networks.indices.first(where: { name.hasPrefix("\(networks[$0].name).") }) {
      return found(String(name.dropFirst(networks[index].name.count + 1)), in: index)
    }
    // Without a component it is of the denoiser.
    guard let index = networks.firstIndex(where: { ["unet", "transformer"].contains($0.name) }) else {
      return nil
    }
    return found(name, in: index)
  }

  /// The module of an old name `….processor.to_q`, whose output layer is the first of several.
  private static func withoutProcessor(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 2, parts[parts.count - 2] == "processor" else { return name }
    parts.remove(at: parts.count - 2)
    if parts.last == "to_out" { parts.append("0") }
    return parts.joined(separator: ".")
  }

  /// What the product of a pair is multiplied by.
  private func scale(
    _ group: Group, rank: Int, of network: String
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
    guard let metadata, let alpha = metadata["\(network).lora_alpha"] else { return 1 }
    for key in ["alpha_pattern", "rank_pattern"]
    where metadata["\(network).\(key)"]?.members?.isEmpty == false {
      throw FileError.unsupported(
        file.path, "lora_adapter_metadata.\(network).\(key)", "numbers of single modules are not supported",
        next: "merge it with diffusers")
    }
    guard let number = alpha.double, number.isFinite else {
      throw FileError(
        file.path, "lora_adapter_metadata.\(network).lora_alpha", "expected a number, found \(alpha)")
    }
    let isRankStable = metadata["\(network).use_rslora"]?.bool ?? false
    return number / (isRankStable ? Double(rank).squareRoot() : Double(rank))
  }
}
