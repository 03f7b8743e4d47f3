import ActFormats
import ActIR

/// Llama (arXiv 2302.13971): pre-norm decoder, rotary positions, grouped heads, SwiGLU.
let llama = Architecture("LlamaForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration)
  if try configuration.flag("attention_bias", default: false) { c.biases.formUnion(.attention) }
  if try configuration.flag("mlp_bias", default: false) { c.biases.insert(.mlp) }
  var b = ModelBuilder(name: "llama", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}

extension ModelBuilder {
  /// A decoder of Llama's form, from tokens to logits.
  mutating func llamaModel(_ c: LlamaConfiguration) throws -> ModelGraph {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    let logitRows = input("logit_rows", "R", .chosen)

    let embedding = try matrix("model.embed_tokens.weight", c.vocabulary, c.width)
    var h = graph.append(
      .embedding, embedding, tokens, name: "model.embed_tokens", site: "model.embed_tokens")
    let table = graph.append(.ropeTable(c.rope), positions, name: "rope")
    for layer in 0..<c.layers {
      h = try llamaLayer(h, table: table, c, layer: layer)
    }
    // Only the rows whose logits are wanted go on.
    h = graph.append(.takeRows, h, logitRows, name: "last")
    h = try rmsNorm(h, "model.norm", eps: c.eps)
    let logits =
      if c.tiesEmbedding {
        graph.append(.linear, h, embedding, name: "lm_head", site: "lm_head")
      } else {
        try linear(h, "lm_head", c.vocabulary, c.width, bias: false)
      }
    graph.addResult("logits", logits)
    return ModelGraph(graph: graph, contextLength: c.context)
  }

  /// One layer: attention and a gated MLP, each of the normalised stream and added to it.
  private mutating func llamaLayer(
    _ x: ValueID, table: ValueID, _ c: LlamaConfiguration, layer: Int
  ) throws -> ValueID {
    let prefix = "model.layers.\(layer)"
    let attention = "\(prefix).self_attn"
    let n = try rmsNorm(x, "\(prefix).input_layernorm", eps: c.eps)
    let (queries, keys) = (c.heads * c.headWidth, c.keyValueHeads * c.headWidth)
    let q = try linear(n, "\(attention).q_proj", queries, c.width, bias: c.biases.contains(.q))
    let k = try linear(n, "\(attention).k_proj", keys, c.width, bias: c.biases.contains(.k))
    let v = try linear(n, "\(attention).v_proj", keys, c.width, bias: c.biases.contains(.v))
    let rope = Op.rope(headWidth: c.headWidth)
    let keysAndValues = graph.append(
      .kvAppend(KeyValues(heads: c.keyValueHeads, headWidth: c.headWidth), cache: layer),
      graph.append(rope, k, table, name: "\(attention).k"), v, name: "\(attention).kv")
    let mixed = graph.append(
      .attention(Attention(scale: Float(1 / Double(c.headWidth).squareRoot()))),
      graph.append(rope, q, table, name: "\(attention).q"), keysAndValues, name: attention)
    let o = try linear(mixed, "\(attention).o_proj", c.width, queries, bias: c.biases.contains(.o))
    let h = graph.append(.binary(.add), x, o, name: "\(prefix).h")

    let m = try rmsNorm(h, "\(prefix).post_attention_layernorm", eps: c.eps)
    let hasBias = c.biases.contains(.mlp)
    let gate = try linear(m, "\(prefix).mlp.gate_proj", c.inner, c.width, bias: hasBias)
    let up = try linear(m, "\(prefix).mlp.up_proj", c.inner, c.width, bias: hasBias)
    let active = c.activation.append(
      to: &graph, gate, name: "\(prefix).mlp.act_fn", site: "\(prefix).mlp.act_fn")
    let product = graph.append(.binary(.mul), active, up, name: "\(prefix).mlp")
    let down = try linear(product, "\(prefix).mlp.down_proj", c.width, c.inner, bias: hasBias)
    return graph.append(.binary(.add), h, down, name: prefix, site: prefix)
  }
}

/// What decoders of Llama's form have in their `config.json`, under the same keys.
struct LlamaConfiguration {
  /// Which linear layers of a decoder layer have a bias; the keys that say so differ from family to family.
  struct Biases: OptionSet {
    let rawValue: Int

    static let q = Biases(rawValue: 1 << 0)
    static let k = Biases(rawValue: 1 << 1)
    static let v = Biases(rawValue: 1 << 2)
    static let o = Biases(rawValue: 1 << 3)
    static let mlp = Biases(rawValue: 1 << 4)
    static let attention: Biases = [.q, .k, .v, .o]
  }

  var width, inner, layers, heads, keyValueHeads, headWidth, vocabulary, context: Int
  var eps: Float
  var biases: Biases = []
  var tiesEmbedding: Bool
  var activation: Activation
  var rope: RotaryEmbedding

  init(_ c: Configuration) throws {
    width = try c.size("hidden_size")
    inner = try c.size("intermediate_size")
    layers = try c.size("num_hidden_layers")
    heads = try c.size("num_attention_heads")
    keyValueHeads = try c.size("num_key_value_heads", default: heads)
    headWidth = try c.size("head_dim", default: width / heads)
    vocabulary = try c.size("vocab_size")
    context = try c.size("max_position_embeddings", default: 2048)
    eps = Float(try c.number("rms_norm_eps", in: SaneRange.epsilon, default: 1e-6))
    tiesEmbedding = try c.flag("tie_word_embeddings", default: false)
    guard heads % keyValueHeads == 0 else {
      throw c.failure("num_key_value_heads", "a divisor of num_attention_heads \(heads)")
    }
    guard headWidth > 0, headWidth % 2 == 0 else { throw c.failure("head_dim", "an even size") }
    activation = try Activation(c, "hidden_act", default: "silu")
    rope = try RotaryEmbedding(c, width: headWidth)
  }
}
