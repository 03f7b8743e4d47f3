import ActFormats
import ActIR

/// The text tower of CLIP (arXiv 2103.00020): causal layers over a text that ends with its end token, whose row is the
/// text's, and a projection where there is one.
let clipText = Architecture("CLIPTextModel", "CLIPTextModelWithProjection") { configuration, weightType in
  let c = try CLIPTextConfiguration(configuration)
  var b = ModelBuilder(name: "clip_text", configuration: configuration, weightType: weightType)
  let prefix = b.has("text_model.final_layer_norm.weight") ? "text_model." : ""
  let states = try b.clipTextStates(c, prefix)
  b.graph.addResult("last_hidden_state", states)
  let pooled = b.chosenRows(states, .ending, name: "\(prefix)pooled")
  if b.has("text_projection.weight") {
    let embedding = try b.linear(pooled, "text_projection", c.projection, c.width, bias: false)
    b.graph.addResult("text_embeds", embedding)
  } else {
    b.graph.addResult("pooler_output", pooled)
  }
  return ModelGraph(graph: b.graph, contextLength: c.context)
}

extension ModelBuilder {
  fileprivate mutating func clipTextStates(_ c: CLIPTextConfiguration, _ prefix: String) throws -> ValueID {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    let words = try embedding("\(prefix)embeddings.token_embedding", c.vocabulary, c.width, tokens)
    let places = try positionEmbedding(
      "\(prefix)embeddings.position_embedding", c.context, c.width, positions)
    var h = graph.append(.binary(.add), words, places, name: "\(prefix)embeddings")
    for layer in 0..<c.layers { h = try clipLayer(h, c, "\(prefix)encoder.layers.\(layer)") }
    return try layerNorm(h, "\(prefix)final_layer_norm", eps: c.eps)
  }

  private mutating func clipLayer(
    _ x: ValueID, _ c: CLIPTextConfiguration, _ prefix: String
  ) throws -> ValueID {
    let attention = "\(prefix).self_attn"
    let n = try layerNorm(x, "\(prefix).layer_norm1", eps: c.eps)
    let q = try linear(n, "\(attention).q_proj", c.width, c.width, bias: true)
    let k = try linear(n, "\(attention).k_proj", c.width, c.width, bias: true)
    let v = try linear(n, "\(attention).v_proj", c.width, c.width, bias: true)
    let mixed = self.attention(q, k, v, heads: c.heads, visible: .causal, name: attention)
    let o = try linear(mixed, "\(attention).out_proj", c.width, c.width, bias: true)
    let h = sum(x, o, "\(prefix).h")
    let m = try layerNorm(h, "\(prefix).layer_norm2", eps: c.eps)
    let outer = try plainMLP(
      m, "\(prefix).mlp", c.inner, c.activation, up: "fc1", act: "activation_fn", down: "fc2")
    return sum(h, outer, prefix, isSite: true)
  }
}

private struct CLIPTextConfiguration {
  var width, inner, layers, heads, vocabulary, context, projection: Int
  var eps: Float
  var activation: Activation

  init(_ c: Configuration) throws {
    width = try c.size("hidden_size", default: 512)
    inner = try c.size("intermediate_size", default: 2048)
    layers = try c.size("num_hidden_layers", default: 12)
    heads = try c.size("num_attention_heads", default: 8)
    vocabulary = try c.size("vocab_size", default: 49408)
    context = try c.size("max_position_embeddings", default: 77)
    projection = try c.size("projection_dim", default: 512)
    eps = Float(try c.number("layer_norm_eps", in: SaneRange.epsilon, default: 1e-5))
    activation = try Activation(c, "hidden_act", default: "quick_gelu")
    guard width % heads == 0 else {
      throw c.failure("num_attention_heads", "a divisor of hidden_size \(width)")
    }
  }
}
