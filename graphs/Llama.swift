import ActFormats
import ActIR

/// Llama and its many kin (arXiv 2302.13971): pre-norm decoder, rotary positions, grouped heads, SwiGLU.
let llama = Architecture("LlamaForCausalLM") { configuration, weightType in
  let c = try LlamaConfiguration(configuration)
  var b = ModelBuilder(name: "llama", configuration: configuration, weightType: weightType)

  let tokens = b.input("tokens", "T")
  let positions = b.input("positions", "T")
  let logitRows = b.input("logit_rows", "R")

  let embedding = try b.matrix("model.embed_tokens.weight", c.vocabulary, c.width)
  var h = b.graph.append(
    .embedding, embedding, tokens, name: "model.embed_tokens", site: "model.embed_tokens")
  let table = b.graph.append(.ropeTable(c.rope), positions, name: "rope")
  for layer in 0..<c.layers {
    h = try b.llamaLayer(h, table: table, c, layer: layer)
  }
  // Only the rows whose logits are wanted go on.
  h = b.graph.append(.takeRows, h, logitRows, name: "last")
  h = try b.rmsNorm(h, "model.norm", eps: c.eps)
  let logits =
    if c.tiesEmbedding {
      b.graph.append(.linear, h, embedding, name: "lm_head", site: "lm_head")
    } else {
      try b.linear(h, "lm_head", c.vocabulary, c.width, bias: false)
    }
  b.graph.addResult("logits", logits)
  return ModelGraph(graph: b.graph, contextLength: c.context)
}

extension ModelBuilder {
  fileprivate mutating func llamaLayer(
    _ x: ValueID, table: ValueID, _ c: LlamaConfiguration, layer: Int
  ) throws -> ValueID {
    let prefix = "model.layers.\(layer)"
    let attention = "\(prefix).self_attn"
    let n = try rmsNorm(x, "\(prefix).input_layernorm", eps: c.eps)
    let q = try linear(n, "\(attention).q_proj", c.heads * c.headWidth, c.width, bias: c.attentionBias)
    let k = try linear(
      n, "\(attention).k_proj", c.keyValueHeads * c.headWidth, c.width, bias: c.attentionBias)
    let v = try linear(
      n, "\(attention).v_proj", c.keyValueHeads * c.headWidth, c.width, bias: c.attentionBias)
    let rope = Op.rope(headWidth: c.headWidth)
    let mixed = graph.append(
      .attention(
        Attention(
          cache: layer, heads: c.heads, keyValueHeads: c.keyValueHeads, headWidth: c.headWidth,
          scale: Float(1 / Double(c.headWidth).squareRoot()))),
      graph.append(rope, q, table, name: "\(attention).q"),
      graph.append(rope, k, table, name: "\(attention).k"),
      v, name: attention)
    let o = try linear(mixed, "\(attention).o_proj", c.width, c.heads * c.headWidth, bias: c.attentionBias)
    let h = graph.append(.binary(.add), x, o, name: "\(prefix).h")

    let m = try rmsNorm(h, "\(prefix).post_attention_layernorm", eps: c.eps)
    let gate = try linear(m, "\(prefix).mlp.gate_proj", c.inner, c.width, bias: c.mlpBias)
    let up = try linear(m, "\(prefix).mlp.up_proj", c.inner, c.width, bias: c.mlpBias)
    let active = graph.append(
      .unary(c.activation), gate, name: "\(prefix).mlp.act_fn", site: "\(prefix).mlp.act_fn")
    let product = graph.append(.binary(.mul), active, up, name: "\(prefix).mlp")
    let down = try linear(product, "\(prefix).mlp.down_proj", c.width, c.inner, bias: c.mlpBias)
    return graph.append(.binary(.add), h, down, name: prefix, site: prefix)
  }
}

private struct LlamaConfiguration {
  var width, inner, layers, heads, keyValueHeads, headWidth, vocabulary, context: Int
  var eps: Float
  var attentionBias, mlpBias, tiesEmbedding: Bool
  var activation: UnaryFunction
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
    attentionBias = try c.flag("attention_bias", default: false)
    mlpBias = try c.flag("mlp_bias", default: false)
    tiesEmbedding = try c.flag("tie_word_embeddings", default: false)
    guard heads % keyValueHeads == 0 else {
      throw c.failure("num_key_value_heads", "a divisor of num_attention_heads \(heads)")
    }
    guard headWidth > 0, headWidth % 2 == 0 else { throw c.failure("head_dim", "an even size") }
    switch try c.string("hidden_act", default: "silu") {
    case "silu": activation = .silu
    case "gelu": activation = .gelu
    case "gelu_pytorch_tanh", "gelu_new": activation = .geluTanh
    case let other:
      throw FileError.unsupported(
        c.path, "hidden_act", "`\(other)` is not supported", next: "silu and gelu are")
    }
    rope = try RotaryEmbedding(c, width: headWidth)
  }
}
