/// Llama, and Mistral and Mixtral, which converters call so too.
let ggufLlama = GGUFFamily("llama", "LlamaForCausalLM", modelType: "llama") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true, hasExperts: true)
  try b.rotaryPositions(d)
  if try b.count("expert_count", default: 0) != 0 { return try b.mixtralTensors(d) }
  if b.names("attention.sliding_window") {
    (b.architecture, b.modelType) = ("MistralForCausalLM", "mistral")
    b.set("sliding_window", .int(try b.size("attention.sliding_window")))
  }
  try b.llamaTensors(d)
}

extension GGUFModelBuilder {
  /// The tensors of Llama and of what differs from it in numbers alone, with the biases that the file has.
  mutating func llamaTensors(_ d: GGUFDecoder) throws(FileError) {
    let (hasBias, mlpHasBias) = (projectionsHaveBias, has("blk.0.ffn_gate.bias"))
    set("attention_bias", .bool(hasBias))
    set("mlp_bias", .bool(mlpHasBias))
    try embeddingAndHead(d)
    for layer in 0..<d.layers {
      try llamaAttention(layer, d, bias: hasBias)
      try gatedMLP(layer, d, as: "model.layers.\(layer).mlp", bias: mlpHasBias)
    }
    try norm("output_norm", as: "model.norm", d.width)
  }

  /// The tensors of Mixtral, which is Mistral with experts in every layer.
  fileprivate mutating func mixtralTensors(_ d: GGUFDecoder) throws(FileError) {
    (architecture, modelType) = ("MixtralForCausalLM", "mixtral")
    let experts = try experts(inner: d.inner, countKey: "num_local_experts")
    guard experts.inner == d.inner else {
      throw failure("expert_feed_forward_length", "expected \(d.inner), as of feed_forward_length")
    }
    if names("attention.sliding_window") { set("sliding_window", .int(try size("attention.sliding_window"))) }
    try embeddingAndHead(d)
    for layer in 0..<d.layers {
      try llamaAttention(layer, d, bias: false)
      try mixture(
        layer, experts, d, as: "model.layers.\(layer).block_sparse_moe", gate: "w1", up: "w3", down: "w2")
    }
    try norm("output_norm", as: "model.norm", d.width)
  }

  /// The attention of a layer, and the norms of both its parts.
  private mutating func llamaAttention(_ layer: Int, _ d: GGUFDecoder, bias: Bool) throws(FileError) {
    let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
    try norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width)
    try projections(layer, d, as: "\(target).self_attn", bias: bias, pairsRotary: true)
    try linear(
      "\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.queryChannels, bias: bias)
    try norm("\(block).ffn_norm", as: "\(target).post_attention_layernorm", d.width)
  }
}
