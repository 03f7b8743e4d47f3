/// BERT, and RoBERTa without the rows of positions that no token takes, which is the same. Converters leave the pooler
/// out.
let ggufBert = GGUFFamily("bert", "BertModel", modelType: "bert") { b throws(FileError) in
  if try b.flag("attention.causal") == true {
    throw b.unsupported("attention.causal", "an encoder that sees earlier tokens alone is not supported")
  }
  // How embeddings are pooled is said when a plan runs.
  b.disregard("pooling_type", "classifier.output_labels")
  let (width, inner) = (try b.size("embedding_length"), try b.size("feed_forward_length"))
  let (layers, heads) = (try b.size("block_count"), try b.size("attention.head_count"))
  guard width.isMultiple(of: heads), try b.size("attention.head_count_kv", default: heads) == heads else {
    throw b.failure("attention", "\(heads) heads do not divide \(width) channels, or share keys")
  }
  let context = try b.size("context_length")
  let vocabulary = try b.source("token_embd.weight").shape.first ?? 0
  let types = try b.source("token_types.weight").shape.first ?? 0
  if try b.size("vocab_size", default: max(vocabulary, 1)) != vocabulary {
    throw b.failure("vocab_size", "expected \(vocabulary), the rows of token_embd.weight")
  }
  b.set("hidden_size", .int(width))
  b.set("intermediate_size", .int(inner))
  b.set("num_hidden_layers", .int(layers))
  b.set("num_attention_heads", .int(heads))
  b.set("hidden_act", .string("gelu"))
  b.set("layer_norm_eps", try b.number(GGUFDecoder.Norm.layer.key, in: SaneRange.epsilon, orTake: "1e-12"))
  b.set("max_position_embeddings", .int(context))
  b.set("type_vocab_size", .int(types))
  b.set("vocab_size", .int(vocabulary))
  let embeddings = "embeddings"
  try b.linear("token_embd", as: "\(embeddings).word_embeddings", vocabulary, width)
  try b.linear("token_types", as: "\(embeddings).token_type_embeddings", types, width)
  try b.linear("position_embd", as: "\(embeddings).position_embeddings", context, width)
  try b.norm("token_embd_norm", as: "\(embeddings).LayerNorm", width, bias: true)
  for layer in 0..<layers {
    let (block, target) = ("blk.\(layer)", "encoder.layer.\(layer)")
    for (part, name) in [("q", "query"), ("k", "key"), ("v", "value")] {
      try b.linear("\(block).attn_\(part)", as: "\(target).attention.self.\(name)", width, width, bias: true)
    }
    try b.linear("\(block).attn_output", as: "\(target).attention.output.dense", width, width, bias: true)
    try b.norm("\(block).attn_output_norm", as: "\(target).attention.output.LayerNorm", width, bias: true)
    try b.linear("\(block).ffn_up", as: "\(target).intermediate.dense", inner, width, bias: true)
    try b.linear("\(block).ffn_down", as: "\(target).output.dense", width, inner, bias: true)
    try b.norm("\(block).layer_output_norm", as: "\(target).output.LayerNorm", width, bias: true)
  }
}
