/// The tensors and figures of a Llama model in a GGUF file, checked against each other.
struct GGUFLlama {
  struct Tensor {
    /// In the checkpoint to be written.
    var name: String
    var source: GGUFTensor
    /// For the query and key projections the number of heads, else 0.
    var heads = 0

    /// The row of the GGUF tensor that holds row `row` of the Hugging Face one.
    ///
    /// Rotary embedding turns pairs of features: Hugging Face pairs i and i + d/2 of a head, llama.cpp 2i and 2i + 1,
    /// and it stores the rows of both projections in its own order.
    func sourceRow(_ row: Int) -> Int {
      if heads == 0 { return row }
      let headRows = source.rowCount / heads
      let (head, within) = row.quotientAndRemainder(dividingBy: headRows)
      let (half, pair) = within.quotientAndRemainder(dividingBy: headRows / 2)
      return head * headRows + 2 * pair + half
    }
  }

  let file: GGUFFile
  private(set) var tensors: [Tensor] = []
  let embeddingType: GGMLType

  private let hidden: Int
  private let intermediate: Int
  private let layers: Int
  private let heads: Int
  private let keyValueHeads: Int
  private let headWidth: Int
  private let vocabulary: Int
  private let isTied: Bool
  private let eps, ropeBase: JSON
  private let context: Int
  private let ropeScaling: JSON?

  init(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    self.file = file
    let architecture = try metadata.string("general.architecture")
    guard architecture == "llama" else {
      throw FileError.unsupported(
        file.path, "general.architecture", "`\(architecture ?? "none")` is not supported", next: "`llama` is")
    }
    if let experts = file.metadata["llama.expert_count"], experts != .integer(0) {
      throw FileError.unsupported(file.path, "llama.expert_count", "mixtures of experts are not supported")
    }
    hidden = try metadata.size("llama.embedding_length")
    intermediate = try metadata.size("llama.feed_forward_length")
    layers = try metadata.size("llama.block_count")
    heads = try metadata.size("llama.attention.head_count")
    keyValueHeads = try metadata.size("llama.attention.head_count_kv", default: heads)
    headWidth = try metadata.size("llama.attention.key_length", default: hidden / heads)
    guard headWidth.isMultiple(of: 2), heads.isMultiple(of: keyValueHeads) else {
      throw FileError(
        file.path, "llama.attention",
        "\(heads) heads of width \(headWidth) over \(keyValueHeads) key heads do not fit")
    }
    if try metadata.size("llama.rope.dimension_count", default: headWidth) != headWidth {
      throw FileError.unsupported(
        file.path, "llama.rope.dimension_count",
        "turning a part of a head's \(headWidth) features is not supported")
    }
    if try metadata.size("llama.attention.value_length", default: headWidth) != headWidth {
      throw FileError(file.path, "llama.attention.value_length", "expected \(headWidth), as for keys")
    }
    guard let embedding = file["token_embd.weight"] else {
      throw FileError(file.path, "token_embd.weight", "is missing")
    }
    embeddingType = embedding.type
    vocabulary = embedding.shape.first ?? 0
    isTied = file["output.weight"] == nil
    eps = try metadata.number(
      "llama.attention.layer_norm_rms_epsilon", in: SaneRange.epsilon, orTake: "1e-05")
    ropeBase = try metadata.number("llama.rope.freq_base", in: SaneRange.rotaryBase, orTake: "10000.0")
    if file.metadata["llama.context_length"] == nil {
      metadata.noteMissing("llama.context_length", taking: "2048")
    }
    context = try metadata.size("llama.context_length", default: 2048)
    ropeScaling = try ggufRopeScaling(
      file, metadata, base: ropeBase.double ?? .nan, headWidth: headWidth)

    try add("token_embd.weight", "model.embed_tokens.weight", [vocabulary, hidden])
    for layer in 0..<layers { try addLayer(layer) }
    try add("output_norm.weight", "model.norm.weight", [hidden])
    if !isTied { try add("output.weight", "lm_head.weight", [vocabulary, hidden]) }

    var known = Set(tensors.map(\.source.name))
    known.insert("rope_freqs.weight")
    for tensor in file.tensors where !known.contains(tensor.name) {
      throw FileError.unsupported(file.path, tensor.name, "a Llama model with this tensor is not supported")
    }
  }

  private mutating func addLayer(_ layer: Int) throws(FileError) {
    let source = "blk.\(layer)"
    let target = "model.layers.\(layer)"
    let (queries, keys) = (heads * headWidth, keyValueHeads * headWidth)
    try add("\(source).attn_norm.weight", "\(target).input_layernorm.weight", [hidden])
    try add("\(source).attn_q.weight", "\(target).self_attn.q_proj.weight", [queries, hidden], heads: heads)
    try add(
      "\(source).attn_k.weight", "\(target).self_attn.k_proj.weight", [keys, hidden], heads: keyValueHeads)
    try add("\(source).attn_v.weight", "\(target).self_attn.v_proj.weight", [keys, hidden])
    try add("\(source).attn_output.weight", "\(target).self_attn.o_proj.weight", [hidden, queries])
    try add("\(source).ffn_norm.weight", "\(target).post_attention_layernorm.weight", [hidden])
    try add("\(source).ffn_gate.weight", "\(target).mlp.gate_proj.weight", [intermediate, hidden])
    try add("\(source).ffn_up.weight", "\(target).mlp.up_proj.weight", [intermediate, hidden])
    try add("\(source).ffn_down.weight", "\(target).mlp.down_proj.weight", [hidden, intermediate])
  }

  private mutating func add(
    _ source: String, _ name: String, _ shape: [Int], heads: Int = 0
  ) throws(FileError) {
    guard let tensor = file[source] else { throw FileError(file.path, source, "is missing") }
    guard tensor.shape == shape else {
      throw FileError(file.path, source, "expected shape \(shape), found \(tensor.shape)")
    }
    tensors.append(Tensor(name: name, source: tensor, heads: heads))
  }

  /// `config.json`.
  func config(_ tokenizer: GGUFTokenizer, dtype: StorageType) -> JSON {
    let torchName = [StorageType.f16: "float16", .bf16: "bfloat16"][dtype] ?? "float32"
    var members: [JSON.Member] = [
      .init("architectures", .array([.string("LlamaForCausalLM")])),
      .init("model_type", .string("llama")),
      .init("hidden_size", .int(hidden)),
      .init("intermediate_size", .int(intermediate)),
      .init("num_hidden_layers", .int(layers)),
      .init("num_attention_heads", .int(heads)),
      .init("num_key_value_heads", .int(keyValueHeads)),
      .init("head_dim", .int(headWidth)),
      .init("hidden_act", .string("silu")),
      .init("rms_norm_eps", eps),
      .init("rope_theta", ropeBase),
      .init("rope_scaling", ropeScaling ?? .null),
      .init("max_position_embeddings", .int(context)),
      .init("vocab_size", .int(vocabulary)),
      .init("tie_word_embeddings", .bool(isTied)),
      .init("attention_bias", .bool(false)),
      .init("mlp_bias", .bool(false)),
      .init("torch_dtype", .string(torchName)),
    ]
    for (key, id) in [
      ("bos_token_id", tokenizer.beginning), ("eos_token_id", tokenizer.end),
      ("pad_token_id", tokenizer.padding),
    ] {
      members.append(.init(key, id.map(JSON.int) ?? .null))
    }
    return .object(members)
  }
}
