/// Qwen2 and Qwen2.5.
let ggufQwen2 = GGUFFamily("qwen2", "Qwen2ForCausalLM", modelType: "qwen2") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: false)
  try b.rotaryPositions(d)
  try b.qwenTensors(d, bias: true, outputBias: false)
}

/// Qwen3.
let ggufQwen3 = GGUFFamily("qwen3", "Qwen3ForCausalLM", modelType: "qwen3") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true)
  try b.rotaryPositions(d)
  let hasBias = b.projectionsHaveBias
  b.set("attention_bias", .bool(hasBias))
  try b.qwenTensors(d, bias: hasBias, outputBias: hasBias)
  for layer in 0..<d.layers {
    for part in ["q", "k"] {
      try b.norm(
        "blk.\(layer).attn_\(part)_norm", as: "model.layers.\(layer).self_attn.\(part)_norm", d.headWidth)
    }
  }
}

extension GGUFModelBuilder {
  fileprivate mutating func qwenTensors(
    _ d: GGUFDecoder, bias: Bool, outputBias: Bool
  ) throws(FileError) {
    try embeddingAndHead(d)
    for layer in 0..<d.layers {
      let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
      try norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width)
      try projections(layer, d, as: "\(target).self_attn", bias: bias)
      try linear(
        "\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.queryChannels, bias: outputBias)
      try norm("\(block).ffn_norm", as: "\(target).post_attention_layernorm", d.width)
      try gatedMLP(layer, d, as: "\(target).mlp")
    }
    try norm("output_norm", as: "model.norm", d.width)
  }
}
