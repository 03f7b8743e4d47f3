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
  static func headerLength(inner: Int) -> Int { make(inner: inner, hasData: false).count }

  /// A model of zeros, whose matrices are F32 or Q8_0.
  static func make(inner: Int, layers: Int = 1, isQuantized: Bool = false, hasData: Bool = true) -> [UInt8] {
    let width = 64
    let tokens = ["<|end|>", "a", "b", "ab"]
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
    let values: [[UInt8]] = [
      entry("general.architecture", "llama"), entry("llama.block_count", UInt32(layers)),
      entry("llama.context_length", 64),
      entry("llama.embedding_length", UInt32(width)), entry("llama.feed_forward_length", UInt32(inner)),
      entry("llama.attention.head_count", 4), entry("llama.attention.head_count_kv", 4),
      text("llama.attention.layer_norm_rms_epsilon") + bytes(UInt32(6)) + bytes(Float(1e-5).bitPattern),
      entry("tokenizer.ggml.model", "gpt2"),
      text("tokenizer.ggml.tokens") + bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(tokens.count))
        + tokens.flatMap(text),
      text("tokenizer.ggml.token_type") + bytes(UInt32(9)) + bytes(UInt32(5)) + bytes(UInt64(tokens.count))
        + [Int32](arrayLiteral: 3, 1, 1, 1).flatMap { bytes($0) },
      text("tokenizer.ggml.merges") + bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(1)) + text("a b"),
      entry("tokenizer.ggml.eos_token_id", 0),
    ]
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
