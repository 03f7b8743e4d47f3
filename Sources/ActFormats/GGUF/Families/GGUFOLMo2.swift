/// OLMo 2. Files with windows are of OLMo 3, which is another architecture.
let ggufOLMo2 = GGUFFamily("olmo2", "Olmo2ForCausalLM", modelType: "olmo2") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: false)
  try b.rotaryPositions(d)
  let hasBias = b.projectionsHaveBias
  b.set("attention_bias", .bool(hasBias))
  try b.embeddingAndHead(d)
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
    try b.projections(layer, d, as: "\(target).self_attn", bias: hasBias)
    try b.linear("\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.width, bias: hasBias)
    try b.norm("\(block).attn_q_norm", as: "\(target).self_attn.q_norm", d.queryChannels)
    try b.norm("\(block).attn_k_norm", as: "\(target).self_attn.k_norm", d.keyChannels)
    try b.norm("\(block).post_attention_norm", as: "\(target).post_attention_layernorm", d.width)
    try b.gatedMLP(layer, d, as: "\(target).mlp")
    try b.norm("\(block).post_ffw_norm", as: "\(target).post_feedforward_layernorm", d.width)
  }
  try b.norm("output_norm", as: "model.norm", d.width)
}
