/// Phi 1 to 2.
let ggufPhi2 = GGUFFamily("phi2", "PhiForCausalLM", modelType: "phi") { b throws(FileError) in
  let d = try b.decoder(.layer, hasHeadWidth: false, activation: ("hidden_act", "gelu_new"))
  try b.rotaryPositions(d, GGUFRotaryKeys(share: "partial_rotary_factor", hasBase: false))
  try b.embeddingAndHead(d, bias: true)
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
    try b.norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width, bias: true)
    try b.projections(layer, d, as: "\(target).self_attn", bias: true)
    try b.linear(
      "\(block).attn_output", as: "\(target).self_attn.dense", d.width, d.width, bias: true)
    try b.linear("\(block).ffn_up", as: "\(target).mlp.fc1", d.inner, d.width, bias: true)
    try b.linear("\(block).ffn_down", as: "\(target).mlp.fc2", d.width, d.inner, bias: true)
  }
  try b.norm("output_norm", as: "model.final_layernorm", d.width, bias: true)
}

/// Phi-3 and Phi-4, whose queries, keys and values are one layer, as are gate and up.
let ggufPhi3 = GGUFFamily("phi3", "Phi3ForCausalLM", modelType: "phi3") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: false)
  try b.rotaryPositions(d, GGUFRotaryKeys(share: "partial_rotary_factor"))
  let window = try b.count("attention.sliding_window", default: 0)
  b.set("sliding_window", window == 0 ? .null : .int(window))
  try b.embeddingAndHead(d)
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
    try b.norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width)
    try b.linear(
      "\(block).attn_qkv", as: "\(target).self_attn.qkv_proj", d.queryChannels + 2 * d.keyChannels, d.width)
    try b.linear("\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.width)
    try b.norm("\(block).ffn_norm", as: "\(target).post_attention_layernorm", d.width)
    try b.linear("\(block).ffn_up", as: "\(target).mlp.gate_up_proj", 2 * d.inner, d.width)
    try b.linear("\(block).ffn_down", as: "\(target).mlp.down_proj", d.width, d.inner)
  }
  try b.norm("output_norm", as: "model.norm", d.width)
}
