/// GPT-2, whose checkpoint has linear layers transposed.
let ggufGPT2 = GGUFFamily("gpt2", "GPT2LMHeadModel", modelType: "gpt2") { b throws(FileError) in
  let d = try b.readDecoder(hasHeadWidth: false)
  guard d.heads == d.keyValueHeads else {
    throw b.failure("attention.head_count_kv", "expected \(d.heads), as of queries, found \(d.keyValueHeads)")
  }
  b.set("n_embd", .int(d.width))
  b.set("n_inner", .int(d.inner))
  b.set("n_layer", .int(d.layers))
  b.set("n_head", .int(d.heads))
  b.set("n_positions", .int(d.context))
  b.set("activation_function", .string("gelu_new"))
  b.set(
    "layer_norm_epsilon",
    try b.number(GGUFDecoder.Norm.layer.key, in: SaneRange.epsilon, orTake: "1e-05"))
  b.set("vocab_size", .int(d.vocabulary))
  b.set("tie_word_embeddings", .bool(!b.has("output.weight")))
  try b.embeddingAndHead(d, as: "transformer.wte")
  try b.linear("position_embd", as: "transformer.wpe", d.context, d.width)
  let turned = GGUFLayout(isTransposed: true)
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "transformer.h.\(layer)")
    try b.norm("\(block).attn_norm", as: "\(target).ln_1", d.width, bias: true)
    for (source, name, rows, columns) in [
      ("attn_qkv", "attn.c_attn", 3 * d.width, d.width), ("attn_output", "attn.c_proj", d.width, d.width),
      ("ffn_up", "mlp.c_fc", d.inner, d.width), ("ffn_down", "mlp.c_proj", d.width, d.inner),
    ] {
      try b.linear("\(block).\(source)", as: "\(target).\(name)", rows, columns, bias: true, turned)
    }
    try b.norm("\(block).ffn_norm", as: "\(target).ln_2", d.width, bias: true)
  }
  try b.norm("output_norm", as: "transformer.ln_f", d.width, bias: true)
}
