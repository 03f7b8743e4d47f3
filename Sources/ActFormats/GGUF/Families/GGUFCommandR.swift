/// Command R of Cohere.
let ggufCommandR = GGUFFamily("command-r", "CohereForCausalLM", modelType: "cohere") { b throws(FileError) in
  let d = try b.decoder(.layer, hasHeadWidth: false)
  try b.rotaryPositions(d)
  b.set("logit_scale", try b.number("logit_scale", in: 1e-9...1e9) ?? .double(1))
  let (hasBias, normalizesHeads) = (b.projectionsHaveBias, b.has("blk.0.attn_q_norm.weight"))
  b.set("attention_bias", .bool(hasBias))
  b.set("use_qk_norm", .bool(normalizesHeads))
  try b.embeddingAndHead(d)
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
    try b.norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width)
    try b.projections(layer, d, as: "\(target).self_attn", bias: hasBias)
    try b.linear("\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.width, bias: hasBias)
    if normalizesHeads {
      for (part, heads) in [("q", d.heads), ("k", d.keyValueHeads)] {
        try b.tensor(
          "\(block).attn_\(part)_norm.weight", as: "\(target).self_attn.\(part)_norm.weight",
          [heads, d.headWidth])
      }
    }
    try b.gatedMLP(layer, d, as: "\(target).mlp")
  }
  try b.norm("output_norm", as: "model.norm", d.width)
}
