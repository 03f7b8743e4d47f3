/// Llama, and Mistral, which converters call so too.
let ggufLlama = GGUFFamily("llama", "LlamaForCausalLM", modelType: "llama") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true)
  try b.rotaryPositions(d)
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
      let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
      try norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width)
      try projections(layer, d, as: "\(target).self_attn", bias: hasBias, pairsRotary: true)
      try linear(
        "\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.queryChannels, bias: hasBias)
      try norm("\(block).ffn_norm", as: "\(target).post_attention_layernorm", d.width)
      try gatedMLP(layer, d, as: "\(target).mlp", bias: mlpHasBias)
    }
    try norm("output_norm", as: "model.norm", d.width)
  }
}
