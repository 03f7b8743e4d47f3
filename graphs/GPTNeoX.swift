import ActFormats
import ActIR

/// GPT-NeoX and Pythia (arXiv 2204.06745): attention and MLP beside each other or one after the other, heads rotated in
/// part, and queries, keys and values of each head side by side in one layer.
let gptNeoX = Architecture("GPTNeoXForCausalLM") { configuration, weightType in
  let c = try GPTNeoXConfiguration(configuration)
  var b = ModelBuilder(name: "gpt_neox", configuration: configuration, weightType: weightType)
  b.otherNames = [(module: "gpt_neox.", checkpoint: ""), (module: "lm_head.", checkpoint: "embed_out.")]
  return try b.gptNeoXModel(c)
}

extension ModelBuilder {
  fileprivate mutating func gptNeoXModel(_ c: GPTNeoXConfiguration) throws -> ModelGraph {
    let inputs = decoderInputs()
    let embedding = try embedding(
      "gpt_neox.embed_in", c.vocabulary, c.width, inputs.tokens, orTied: c.tiesEmbedding ? "lm_head" : nil)
    let table = graph.append(.ropeTable(c.rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<c.layers { h = try gptNeoXLayer(h, table, c, layer) }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try layerNorm(h, "gpt_neox.final_layer_norm", eps: c.eps)
    let logits = try head(h, c.vocabulary, tied: c.tiesEmbedding ? embedding : nil)
    return languageModel(logits, context: c.rope.context)
  }

  private mutating func gptNeoXLayer(
    _ x: ValueID, _ table: ValueID, _ c: GPTNeoXConfiguration, _ layer: Int
  ) throws -> ValueID {
    let prefix = "gpt_neox.layers.\(layer)"
    let x = input(x, of: prefix)
    let n = try layerNorm(x, "\(prefix).input_layernorm", eps: c.eps)
    let mixed = try gptNeoXAttention(n, table, c, layer, "\(prefix).attention")
    let h = sum(mixed, x, "\(prefix).h")
    let m = try layerNorm(c.isParallel ? x : h, "\(prefix).post_attention_layernorm", eps: c.eps)
    let outer = try plainMLP(
      m, "\(prefix).mlp", c.inner, c.activation, up: "dense_h_to_4h", act: "act", down: "dense_4h_to_h")
    return sum(outer, h, prefix, isSite: true)
  }

  private mutating func gptNeoXAttention(
    _ x: ValueID, _ table: ValueID, _ c: GPTNeoXConfiguration, _ layer: Int, _ module: String
  ) throws -> ValueID {
    let (heads, width) = (c.heads, c.heads.width)
    let x = input(x, of: module)
    let all = try linear(x, "\(module).query_key_value", 3 * c.width, c.width, bias: c.hasBias)
    let shape: [Dim] = [graph.type(x).shape[0], .fixed(heads.count), .fixed(3 * width)]
    let byHead = graph.append(.reshape(shape), all, name: "\(module).heads")
    let parts = ["q_part", "k_part", "v_part"].enumerated().map { index, name in
      joined(columns(byHead, from: index * width, width, "\(module).\(name)"))
    }
    let mixed = attention(
      rotated(parts[0], table, heads, "\(module).q"), rotated(parts[1], table, heads, "\(module).k"),
      parts[2],
      heads, layer: layer, module)
    return try linear(mixed, "\(module).dense", c.width, c.width, bias: c.hasBias)
  }
}

private struct GPTNeoXConfiguration {
  var width, inner, layers, vocabulary: Int
  var heads: AttentionHeads
  var rope: RotaryPositions
  var eps: Float
  var tiesEmbedding, isParallel, hasBias: Bool
  var activation: Activation

  init(_ c: Configuration) throws {
    width = try c.size("hidden_size")
    inner = try c.size("intermediate_size")
    layers = try c.size("num_hidden_layers")
    vocabulary = try c.size("vocab_size")
    heads = try AttentionHeads(c, dividing: width)
    rope = try RotaryPositions(
      c, headWidth: heads.width, context: try c.size("max_position_embeddings", default: 2048),
      .init(baseKey: "rotary_emb_base", share: 0.25, shareKey: "rotary_pct"))
    // Some versions of transformers write both under the names of other families as well.
    c.disregard("rope_theta", "partial_rotary_factor")
    eps = Float(try c.number("layer_norm_eps", in: SaneRange.epsilon, default: 1e-5))
    tiesEmbedding = try c.flag("tie_word_embeddings", default: false)
    isParallel = try c.flag("use_parallel_residual", default: true)
    hasBias = try c.flag("attention_bias", default: true)
    activation = try Activation(c, "hidden_act", default: "gelu")
  }
}
