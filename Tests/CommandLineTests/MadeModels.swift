import ActFormats

/// A Llama of zeros, large enough that compiling it takes a while.
enum BigModel {
  static func write(to directory: String, layers: Int = 4) throws -> String {
    let (width, inner, vocabulary) = (256, 2048, 4096)
    var entries: [SafetensorsWriter.Entry] = [.init("model.embed_tokens.weight", .f32, [vocabulary, width])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)"
      for norm in ["input_layernorm", "post_attention_layernorm"] {
        entries.append(.init("\(prefix).\(norm).weight", .f32, [width]))
      }
      for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
        entries.append(.init("\(prefix).self_attn.\(name).weight", .f32, [width, width]))
      }
      for name in ["gate_proj", "up_proj"] {
        entries.append(.init("\(prefix).mlp.\(name).weight", .f32, [inner, width]))
      }
      entries.append(.init("\(prefix).mlp.down_proj.weight", .f32, [width, inner]))
    }
    entries.append(.init("model.norm.weight", .f32, [width]))
    let writer = try SafetensorsWriter("\(directory)/model.safetensors", entries)
    for entry in entries {
      let zeros = [UInt8](repeating: 0, count: entry.shape.reduce(4, *))
      try zeros.withUnsafeBytes { try writer.append($0, to: entry.name) }
    }
    try writer.finish()
    try AtomicFile.write(
      JSON.object([
        "architectures": .array([.string("LlamaForCausalLM")]), "hidden_size": .int(width),
        "intermediate_size": .int(inner), "num_hidden_layers": .int(layers), "num_attention_heads": .int(4),
        "vocab_size": .int(vocabulary), "tie_word_embeddings": .bool(true),
      ]).description, to: "\(directory)/config.json")
    return directory
  }
}

/// A Llama of one layer of zeros, as llama.cpp stores it.
enum SmallGGUF {
  /// One so wide that importing it takes a while.
  static let file = make(inner: 16_384)

  /// The bytes before the data.
  static func headerLength(inner: Int, vocabulary: Vocabulary = .bytePairs) -> Int {
    make(inner: inner, hasData: false, vocabulary: vocabulary).count
  }

  /// The kind of vocabulary that the model has.
  enum Vocabulary: CaseIterable {
    case bytePairs, sentencePieces, wordPieces, unigrams
  }

  /// A model of zeros, whose matrices are F32 or Q8_0.
  static func make(
    inner: Int, layers: Int = 1, isQuantized: Bool = false, hasData: Bool = true,
    vocabulary: Vocabulary = .bytePairs
  ) -> [UInt8] {
    let width = 64
    let tokens = tokens(vocabulary)
    var tensors: [(String, [Int])] = [
      ("token_embd.weight", [tokens.count, width]), ("output_norm.weight", [width]),
    ]
    for layer in 0..<layers {
      for (name, shape) in [
        ("attn_norm", [width]), ("attn_q", [width, width]), ("attn_k", [width, width]),
        ("attn_v", [width, width]), ("attn_output", [width, width]), ("ffn_norm", [width]),
        ("ffn_gate", [inner, width]), ("ffn_up", [inner, width]), ("ffn_down", [width, inner]),
      ] {
        tensors.append(("blk.\(layer).\(name).weight", shape))
      }
    }
    let values: [[UInt8]] =
      [
        entry("general.architecture", "llama"), entry("llama.block_count", UInt32(layers)),
        entry("llama.context_length", 64),
        entry("llama.embedding_length", UInt32(width)), entry("llama.feed_forward_length", UInt32(inner)),
        entry("llama.attention.head_count", 4), entry("llama.attention.head_count_kv", 4),
        text("llama.attention.layer_norm_rms_epsilon") + bytes(UInt32(6)) + bytes(Float(1e-5).bitPattern),
      ]
      + entries(vocabulary)
    var out =
      Array("GGUF".utf8) + bytes(UInt32(3)) + bytes(UInt64(tensors.count)) + bytes(UInt64(values.count))
    for value in values { out += value }
    var offset = 0
    for (name, shape) in tensors {
      out += text(name) + bytes(UInt32(shape.count)) + shape.reversed().flatMap { bytes(UInt64($0)) }
      let isBlocks = isQuantized && shape.count > 1
      out += bytes(UInt32(isBlocks ? 8 : 0)) + bytes(UInt64(offset))
      offset += isBlocks ? shape.reduce(1, *) / 32 * 34 : shape.reduce(4, *)
      offset = (offset + 31) / 32 * 32
    }
    out += [UInt8](repeating: 0, count: (32 - out.count % 32) % 32 + (hasData ? offset : 0))
    return out
  }

  private static func tokens(_ vocabulary: Vocabulary) -> [String] {
    switch vocabulary {
    case .bytePairs: ["<|end|>", "a", "b", "ab"]
    case .wordPieces: ["[UNK]", "[CLS]", "[SEP]", "▁a", "▁b", "b", "▁é"]
    case .sentencePieces, .unigrams:
      ["<unk>", "<s>", "</s>", "a", "b", "▁", "ab", "▁ab", "<0xC3>", "<0xA9>", "<m>"]
    }
  }

  private static func entries(_ vocabulary: Vocabulary) -> [[UInt8]] {
    let tokens = tokens(vocabulary)
    func array(_ key: String, type: UInt32, _ elements: [[UInt8]]) -> [UInt8] {
      text("tokenizer.ggml.\(key)") + bytes(UInt32(9)) + bytes(type) + bytes(UInt64(elements.count))
        + elements.flatMap { $0 }
    }
    func flag(_ key: String, _ value: Bool) -> [UInt8] {
      text("tokenizer.ggml.\(key)") + bytes(UInt32(7)) + [value ? 1 : 0]
    }
    let list = array("tokens", type: 8, tokens.map(text))
    func types(_ types: [Int32]) -> [UInt8] { array("token_type", type: 5, types.map { bytes($0) }) }
    let pieces = types([2, 3, 3, 1, 1, 1, 1, 1, 6, 6, 4])
    let scores = array("scores", type: 6, tokens.indices.map { bytes((-Float($0)).bitPattern) })
    switch vocabulary {
    case .bytePairs:
      return [
        entry("tokenizer.ggml.model", "gpt2"), list, types([3, 1, 1, 1]),
        array("merges", type: 8, [text("a b")]), entry("tokenizer.ggml.eos_token_id", 0),
      ]
    case .sentencePieces:
      return [
        entry("tokenizer.ggml.model", "llama"), list, pieces, scores, flag("add_space_prefix", true),
        entry("tokenizer.ggml.bos_token_id", 1), entry("tokenizer.ggml.eos_token_id", 2),
      ]
    case .wordPieces:
      return [
        entry("tokenizer.ggml.model", "bert"), list, types([2, 3, 3, 1, 1, 1, 1]),
        flag("normalizer.lowercase", true), entry("tokenizer.ggml.seperator_token_id", 2),
        entry("tokenizer.ggml.cls_token_id", 1),
      ]
    case .unigrams:
      return [
        entry("tokenizer.ggml.model", "t5"), list, pieces, scores, flag("add_space_prefix", true),
        flag("remove_extra_whitespaces", true), entry("tokenizer.ggml.eos_token_id", 2),
        entry("tokenizer.ggml.bos_token_id", 1),
        array("precompiled_charsmap", type: 0, rules.map { [$0] }),
      ]
    }
  }

  /// Rules that rewrite nothing: an automaton of as many states as there are bytes, none of which goes on, and a text.
  private static let rules = bytes(UInt32(1024)) + [UInt8](repeating: 0, count: 1024) + [0x61, 0]

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  private static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

  private static func entry(_ key: String, _ value: UInt32) -> [UInt8] {
    text(key) + bytes(UInt32(4)) + bytes(value)
  }

  private static func entry(_ key: String, _ value: String) -> [UInt8] {
    text(key) + bytes(UInt32(8)) + text(value)
  }
}
