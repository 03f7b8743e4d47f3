/// GPT-NeoX and Pythia. The file has all queries, all keys and all values in one layer, the checkpoint those of each
/// head.
let ggufGPTNeoX = GGUFFamily("gptneox", "GPTNeoXForCausalLM", modelType: "gpt_neox") { b throws(FileError) in
  let d = try b.readDecoder(hasHeadWidth: false)
  guard d.heads == d.keyValueHeads else {
    throw b.failure("attention.head_count_kv", "expected \(d.heads), as of queries, found \(d.keyValueHeads)")
  }
  b.set("hidden_size", .int(d.width))
  b.set("intermediate_size", .int(d.inner))
  b.set("num_hidden_layers", .int(d.layers))
  b.set("num_attention_heads", .int(d.heads))
  b.set("hidden_act", .string("gelu"))
  b.set("layer_norm_eps", try b.number(GGUFDecoder.Norm.layer.key, in: SaneRange.epsilon, orTake: "1e-05"))
  b.set("max_position_embeddings", .int(d.context))
  b.set("vocab_size", .int(d.vocabulary))
  b.set("tie_word_embeddings", .bool(!b.has("output.weight")))
  b.set("use_parallel_residual", .bool(try b.flag("use_parallel_residual") ?? true))
  try b.rotaryPositions(
    d, GGUFRotaryKeys(base: "rotary_emb_base", share: "rotary_pct", hasBase: false))
  let hasBias = b.has("blk.0.attn_qkv.bias")
  b.set("attention_bias", .bool(hasBias))
  try b.embeddingAndHead(d, as: "gpt_neox.embed_in", head: "embed_out")
  for layer in 0..<d.layers {
    let (block, target) = ("blk.\(layer)", "gpt_neox.layers.\(layer)")
    try b.norm("\(block).attn_norm", as: "\(target).input_layernorm", d.width, bias: true)
    try b.linear(
      "\(block).attn_qkv", as: "\(target).attention.query_key_value", 3 * d.width, d.width, bias: hasBias,
      GGUFLayout(order: .parts(3, heads: d.heads)))
    try b.linear("\(block).attn_output", as: "\(target).attention.dense", d.width, d.width, bias: hasBias)
    try b.norm("\(block).ffn_norm", as: "\(target).post_attention_layernorm", d.width, bias: true)
    try b.linear("\(block).ffn_up", as: "\(target).mlp.dense_h_to_4h", d.inner, d.width, bias: true)
    try b.linear("\(block).ffn_down", as: "\(target).mlp.dense_4h_to_h", d.width, d.inner, bias: true)
  }
  try b.norm("output_norm", as: "gpt_neox.final_layer_norm", d.width, bias: true)
}
