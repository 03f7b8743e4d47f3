/// What the headers of most decoders have, under the same keys.
struct GGUFDecoder {
  var width, inner, layers, vocabulary: Int
  var heads, keyValueHeads, headWidth: Int
  /// The longest sequence that the model was made for.
  var context: Int

  var queryChannels: Int { heads * headWidth }
  var keyChannels: Int { keyValueHeads * headWidth }

  /// The norms of a family, by the keys of their epsilon.
  enum Norm {
    case rms, layer

    var key: String {
      switch self {
      case .rms: "attention.layer_norm_rms_epsilon"
      case .layer: "attention.layer_norm_epsilon"
      }
    }
  }
}

extension GGUFModelBuilder {
  /// Reads what decoders have in common and checks that nothing asks for another form; sets nothing. Heads may be of a
  /// width of their own where `hasHeadWidth` says so, and a layer a mixture of experts where `hasExperts` does.
  mutating func readDecoder(hasHeadWidth: Bool, hasExperts: Bool = false) throws(FileError) -> GGUFDecoder {
    if !hasExperts, try count("expert_count", default: 0) != 0 {
      throw unsupported("expert_count", "experts are not supported in this architecture")
    }
    if try flag("attention.causal") == false {
      throw unsupported("attention.causal", "attention to later tokens is not supported in a decoder")
    }
    // What says how embeddings are pooled, how the converter laid tensors out, and what an older key repeats.
    disregard("expert_used_count", "pooling_type", "tensor_data_layout", "rope.scaling.finetuned")
    let width = try size("embedding_length")
    let heads = try size("attention.head_count")
    let keyValueHeads = try size("attention.head_count_kv", default: heads)
    guard width >= heads else {
      throw failure("attention.head_count", "\(heads) heads do not fit in \(width) channels")
    }
    let headWidth = try size("attention.key_length", default: width / heads)
    guard headWidth.isMultiple(of: 2), heads.isMultiple(of: keyValueHeads),
      hasHeadWidth || width == heads * headWidth
    else {
      throw failure(
        "attention", "\(heads) heads of width \(headWidth) over \(keyValueHeads) key heads do not fit")
    }
    if try size("attention.value_length", default: headWidth) != headWidth {
      throw failure("attention.value_length", "expected \(headWidth), as for keys")
    }
    let embedding = try source("token_embd.weight")
    let vocabulary = embedding.shape.first ?? 0
    if try size("vocab_size", default: max(vocabulary, 1)) != vocabulary {
      throw failure("vocab_size", "expected \(vocabulary), the rows of token_embd.weight")
    }
    return GGUFDecoder(
      width: width, inner: try size("feed_forward_length"), layers: try size("block_count"),
      vocabulary: vocabulary, heads: heads, keyValueHeads: keyValueHeads, headWidth: headWidth,
      context: try size("context_length", orTake: 2048))
  }

  /// Reads what decoders have in common, and sets the keys that `config.json` of most of them has.
  mutating func decoder(
    _ norm: GGUFDecoder.Norm, hasHeadWidth: Bool, hasExperts: Bool = false,
    activation: (key: String, name: String) = ("hidden_act", "silu")
  ) throws(FileError) -> GGUFDecoder {
    let d = try readDecoder(hasHeadWidth: hasHeadWidth, hasExperts: hasExperts)
    set("hidden_size", .int(d.width))
    set("intermediate_size", .int(d.inner))
    set("num_hidden_layers", .int(d.layers))
    set("num_attention_heads", .int(d.heads))
    set("num_key_value_heads", .int(d.keyValueHeads))
    if hasHeadWidth { set("head_dim", .int(d.headWidth)) }
    set(activation.key, .string(activation.name))
    // An epsilon of norms that the family does not have.
    disregard(GGUFDecoder.Norm.rms.key, GGUFDecoder.Norm.layer.key)
    let eps = try number(norm.key, in: SaneRange.epsilon, orTake: "1e-05")
    switch norm {
    case .rms: set("rms_norm_eps", eps)
    case .layer: set("layer_norm_eps", eps)
    }
    set("max_position_embeddings", .int(d.context))
    set("vocab_size", .int(d.vocabulary))
    set("tie_word_embeddings", .bool(!has("output.weight")))
    return d
  }

  /// Adds the embedding of tokens, and the head where the file has one.
  mutating func embeddingAndHead(
    _ d: GGUFDecoder, as embedding: String = "model.embed_tokens", head: String = "lm_head",
    bias: Bool = false
  ) throws(FileError) {
    try linear("token_embd", as: embedding, d.vocabulary, d.width)
    if has("output.weight") { try linear("output", as: head, d.vocabulary, d.width, bias: bias) }
  }

  /// Adds `q_proj`, `k_proj` and `v_proj` of a layer, which the file may have as one. The rows of queries and keys lie in
  /// pairs that are rotated together where `pairsRotary` says so.
  mutating func projections(
    _ layer: Int, _ d: GGUFDecoder, as module: String, bias: Bool, pairsRotary: Bool = false
  ) throws(FileError) {
    let block = "blk.\(layer)"
    let isFused = has("\(block).attn_qkv.weight")
    let rows = d.queryChannels + 2 * d.keyChannels
    var first = 0
    for (part, target, heads) in [
      ("q", "q_proj", d.heads), ("k", "k_proj", d.keyValueHeads), ("v", "v_proj", d.keyValueHeads),
    ] {
      var layout = GGUFLayout()
      if pairsRotary, part != "v" { layout.order = .rotaryPairs(heads: heads) }
      let own = heads * d.headWidth
      if isFused {
        layout.firstRow = first
        try tensor(
          "\(block).attn_qkv.weight", as: "\(module).\(target).weight", [own, d.width],
          stored: [rows, d.width], layout)
      } else {
        try linear("\(block).attn_\(part)", as: "\(module).\(target)", own, d.width, layout)
      }
      if bias, has("\(block).attn_qkv.bias") {
        layout.firstRow = first
        try tensor("\(block).attn_qkv.bias", as: "\(module).\(target).bias", [own], stored: [rows], layout)
      } else if bias {
        layout.firstRow = 0
        try tensor("\(block).attn_\(part).bias", as: "\(module).\(target).bias", [own], layout)
      }
      first += own
    }
  }

  /// Whether queries, keys and values have biases.
  var projectionsHaveBias: Bool { has("blk.0.attn_q.bias") || has("blk.0.attn_qkv.bias") }

  /// Adds `gate_proj`, `up_proj` and `down_proj` of a layer.
  mutating func gatedMLP(
    _ layer: Int, _ d: GGUFDecoder, as module: String, bias: Bool = false
  ) throws(FileError) {
    let block = "blk.\(layer)"
    try linear("\(block).ffn_gate", as: "\(module).gate_proj", d.inner, d.width, bias: bias)
    try linear("\(block).ffn_up", as: "\(module).up_proj", d.inner, d.width, bias: bias)
    try linear("\(block).ffn_down", as: "\(module).down_proj", d.width, d.inner, bias: bias)
  }
}
