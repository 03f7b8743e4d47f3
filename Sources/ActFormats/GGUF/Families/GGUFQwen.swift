/// Qwen2 and Qwen2.5.
let ggufQwen2 = GGUFFamily("qwen2", "Qwen2ForCausalLM", modelType: "qwen2") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: false)
  try b.rotaryPositions(d)
  try b.qwenTensors(d, bias: true, outputBias: false) { b, layer throws(FileError) in
    try b.gatedMLP(layer, d, as: "model.layers.\(layer).mlp")
  }
}

/// The mixtures of experts among Qwen1.5 and Qwen2, which have experts in every layer, and one that every token runs
/// through.
let ggufQwen2MoE = GGUFFamily("qwen2moe", "Qwen2MoeForCausalLM", modelType: "qwen2_moe") {
  b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: false, hasExperts: true)
  try b.rotaryPositions(d)
  let experts = try b.qwenExperts(d, normalizesWeights: false)
  let shared = try b.size("expert_shared_feed_forward_length", default: d.inner)
  b.set("shared_expert_intermediate_size", .int(shared))
  let hasBias = b.projectionsHaveBias
  b.set("qkv_bias", .bool(hasBias))
  try b.qwenTensors(d, bias: hasBias, outputBias: false) { b, layer throws(FileError) in
    let (block, module) = ("blk.\(layer)", "model.layers.\(layer).mlp")
    try b.qwenMixture(layer, experts, d)
    for (part, rows, columns) in [
      ("gate", shared, d.width), ("up", shared, d.width), ("down", d.width, shared),
    ] {
      try b.linear("\(block).ffn_\(part)_shexp", as: "\(module).shared_expert.\(part)_proj", rows, columns)
    }
    // Some files leave out the axis of one row.
    let gate = "\(block).ffn_gate_inp_shexp.weight"
    let isVector = b.file[gate]?.shape.count == 1
    try b.tensor(
      gate, as: "\(module).shared_expert_gate.weight", [1, d.width], stored: isVector ? [d.width] : nil)
  }
}

/// Qwen3.
let ggufQwen3 = GGUFFamily("qwen3", "Qwen3ForCausalLM", modelType: "qwen3") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true)
  try b.rotaryPositions(d)
  try b.qwen3Tensors(d) { b, layer throws(FileError) in
    try b.gatedMLP(layer, d, as: "model.layers.\(layer).mlp")
  }
}

/// The mixtures of experts among Qwen3, which have experts in every layer.
let ggufQwen3MoE = GGUFFamily("qwen3moe", "Qwen3MoeForCausalLM", modelType: "qwen3_moe") {
  b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true, hasExperts: true)
  try b.rotaryPositions(d)
  let experts = try b.qwenExperts(d, normalizesWeights: true)
  try b.qwen3Tensors(d) { b, layer throws(FileError) in try b.qwenMixture(layer, experts, d) }
}

extension GGUFModelBuilder {
  /// Reads what the mixtures say of their experts. Whether the weights of those chosen sum to 1 is in no file: in Qwen2's
  /// models they do not, in Qwen3's they do.
  fileprivate mutating func qwenExperts(
    _ d: GGUFDecoder, normalizesWeights: Bool
  ) throws(FileError) -> GGUFExperts {
    let experts = try experts(inner: d.inner, countKey: "num_experts")
    set("moe_intermediate_size", .int(experts.inner))
    set("norm_topk_prob", .bool(normalizesWeights))
    return experts
  }

  fileprivate mutating func qwenMixture(
    _ layer: Int, _ experts: GGUFExperts, _ d: GGUFDecoder
  ) throws(FileError) {
    try mixture(
      layer, experts, d, as: "model.layers.\(layer).mlp", gate: "gate_proj", up: "up_proj", down: "down_proj")
  }

  /// The tensors of Qwen3, whose heads of queries and keys have norms.
  fileprivate mutating func qwen3Tensors(
    _ d: GGUFDecoder, block: (inout GGUFModelBuilder, _ layer: Int) throws(FileError) -> Void
  ) throws(FileError) {
    let hasBias = projectionsHaveBias
    set("attention_bias", .bool(hasBias))
    try qwenTensors(d, bias: hasBias, outputBias: hasBias, block: block)
    for layer in 0..<d.layers {
      for part in ["q", "k"] {
        try norm(
          "blk.\(layer).attn_\(part)_norm", as: "model.layers.\(layer).self_attn.\(part)_norm", d.headWidth)
      }
    }
  }

  /// The tensors of a model of Qwen's form, `block` adding those of a layer's MLP or experts.
  fileprivate mutating func qwenTensors(
    _ d: GGUFDecoder, bias: Bool, outputBias: Bool,
    block: (inout GGUFModelBuilder, _ layer: Int) throws(FileError) -> Void
  ) throws(FileError) {
    try embeddingAndHead(d)
    for layer in 0..<d.layers {
      let (source, target) = ("blk.\(layer)", "model.layers.\(layer)")
      try norm("\(source).attn_norm", as: "\(target).input_layernorm", d.width)
      try projections(layer, d, as: "\(target).self_attn", bias: bias)
      try linear(
        "\(source).attn_output", as: "\(target).self_attn.o_proj", d.width, d.queryChannels, bias: outputBias)
      try norm("\(source).ffn_norm", as: "\(target).post_attention_layernorm", d.width)
      try block(&self, layer)
    }
    try norm("output_norm", as: "model.norm", d.width)
  }
}
