import ActFormats
import ActIR

/// CLIP (arXiv 2103.00020): two towers, of texts and of images, whose embeddings have one direction where a text says what
/// an image shows.
///
/// Its modules are the towers, each with its projection, and embeddings of length 1, as `forward` gives them.
let clip = Architecture(
  "CLIPModel", modules: ["text_model", "vision_model"],
  otherHeads: ["logit_scale", "text_projection.", "visual_projection."]
) { configuration, weightType, module in
  let projection = try configuration.size("projection_dim", default: 512)
  configuration.disregard("logit_scale_init_value")
  let isText = module == "text_model"
  // Old files may configure a tower twice; what ends in `_dict` stands.
  let (own, other) = isText ? ("text_config", "vision_config") : ("vision_config", "text_config")
  let newer = try configuration.object("\(own)_dict")
  let tower =
    try newer ?? configuration.object(own) ?? Configuration(path: configuration.path, json: .object([]))
  configuration.disregard(own, other, "\(other)_dict")
  var b = ModelBuilder(name: module, configuration: configuration, weightType: weightType)
  if isText {
    let c = try CLIPTextConfiguration(tower)
    let pooled = try b.clipText(c, "text_model.").pooled
    let embedding = try b.linear(pooled, "text_projection", projection, c.layers.width, bias: false)
    b.graph.addResult("text_embeds", b.ofLengthOne(embedding, "text_embeds"))
    return ModelGraph(graph: b.graph, contextLength: c.context)
  }
  let c = try CLIPVisionConfiguration(tower)
  let pooled = try b.clipVision(c, "vision_model.").pooled
  let embedding = try b.linear(pooled, "visual_projection", projection, c.layers.width, bias: false)
  b.graph.addResult("image_embeds", b.ofLengthOne(embedding, "image_embeds"))
  return ModelGraph(graph: b.graph, contextLength: 1)
}

extension ModelBuilder {
  /// The layers of a tower, with norms before attention and MLP.
  mutating func clipLayers(
    _ x: ValueID, _ c: CLIPLayers, visible: Attention.Visible, _ prefix: String
  ) throws -> ValueID {
    var h = x
    for layer in 0..<c.count { h = try clipLayer(h, c, visible, "\(prefix)encoder.layers.\(layer)") }
    return h
  }

  private mutating func clipLayer(
    _ x: ValueID, _ c: CLIPLayers, _ visible: Attention.Visible, _ prefix: String
  ) throws -> ValueID {
    let (x, attention) = (input(x, of: prefix), "\(prefix).self_attn")
    let n = try layerNorm(x, "\(prefix).layer_norm1", eps: c.eps)
    let q = try linear(n, "\(attention).q_proj", c.width, c.width, bias: true)
    let k = try linear(n, "\(attention).k_proj", c.width, c.width, bias: true)
    let v = try linear(n, "\(attention).v_proj", c.width, c.width, bias: true)
    let mixed = self.attention(q, k, v, heads: c.heads, visible: visible, name: attention)
    let o = try linear(mixed, "\(attention).out_proj", c.width, c.width, bias: true)
    let h = sum(x, o, "\(prefix).h")
    let m = try layerNorm(h, "\(prefix).layer_norm2", eps: c.eps)
    let outer = try plainMLP(
      m, "\(prefix).mlp", c.inner, c.activation, up: "fc1", act: "activation_fn", down: "fc2")
    return sum(h, outer, prefix, isSite: true)
  }

  /// x over its length.
  fileprivate mutating func ofLengthOne(_ x: ValueID, _ name: String) -> ValueID {
    let squares = graph.append(.binary(.mul), x, x, name: "\(name).squares")
    let total = graph.append(.reduce(.sum), squares, name: "\(name).total")
    let length = graph.append(.unary(.sqrt), total, name: "\(name).length")
    return graph.append(.binary(.div), x, length, name: name)
  }
}

/// What towers configure their layers by.
struct CLIPLayers {
  var width, inner, count, heads: Int
  var eps: Float
  var activation: Activation

  init(_ c: Configuration, width defaultWidth: Int, inner defaultInner: Int, heads defaultHeads: Int) throws {
    width = try c.size("hidden_size", default: defaultWidth)
    inner = try c.size("intermediate_size", default: defaultInner)
    count = try c.size("num_hidden_layers", default: 12)
    heads = try c.size("num_attention_heads", default: defaultHeads)
    eps = Float(try c.number("layer_norm_eps", in: SaneRange.epsilon, default: 1e-5))
    activation = try Activation(c, "hidden_act", default: "quick_gelu")
    guard width % heads == 0 else {
      throw c.failure("num_attention_heads", "a divisor of hidden_size \(width)")
    }
  }
}
