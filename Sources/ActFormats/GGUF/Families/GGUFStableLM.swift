/// StableLM. Whether attention and MLP stand beside each other is what the tensors say: converters write the flag as true
/// where a configuration has none.
let ggufStableLM = GGUFFamily("stablelm", "StableLmForCausalLM", modelType: "stablelm") {
  b throws(FileError) in
  let d = try b.decoder(.layer, hasHeadWidth: false)
  try b.rotaryPositions(d, GGUFRotaryKeys(share: "partial_rotary_factor", hasBase: false))
  b.disregard("use_parallel_residual")
  let (hasBias, normalizesHeads) = (b.projectionsHaveBias, b.has("blk.0.attn_q_norm.weight"))
  let isParallel = !b.has("blk.0.ffn_norm.weight")
  b.set("use_qkv_bias", .bool(hasBias))
  b.set("qk_layernorm", .bool(normalizesHeads))
  b.set("use_parallel_residual", .bool(isParallel))
  try b.embeddingAndHead(d)
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
    try b.norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width, bias: true)
    try b.projections(layer, d, as: "\(target).self_attn", bias: hasBias)
    if normalizesHeads {
      for (part, heads) in [("q", d.heads), ("k", d.keyValueHeads)] {
        for head in 0..<heads {
          try b.tensor(
            "\(block).attn_\(part)_norm.weight",
            as: "\(target).self_attn.\(part)_layernorm.norms.\(head).weight", [d.headWidth],
            stored: [heads, d.headWidth], GGUFLayout(firstRow: head))
        }
      }
    }
    try b.linear("\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.width)
    if !isParallel {
      try b.norm("\(block).ffn_norm", as: "\(target).post_attention_layernorm", d.width, bias: true)
    }
    try b.gatedMLP(layer, d, as: "\(target).mlp")
  }
  try b.norm("output_norm", as: "model.norm", d.width, bias: true)
}
