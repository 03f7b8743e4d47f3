import ActFormats
import ActIR

/// The text tower of CLIP (arXiv 2103.00020): causal layers over a text that ends with its end token, whose row is the
/// text's, and a projection where there is one.
let clipText = Architecture("CLIPTextModel", "CLIPTextModelWithProjection") { configuration, weightType in
  let c = try CLIPTextConfiguration(configuration)
  var b = ModelBuilder(name: "clip_text", configuration: configuration, weightType: weightType)
  // With a projection the tower is a module of its own; tensors may be named either way.
  let isProjected = b.has("text_projection.weight")
  b.otherNames = [("text_model.", ""), ("", "text_model.")]
  let (states, pooled) = try b.clipText(c, isProjected ? "text_model." : "")
  b.graph.addResult("last_hidden_state", states)
  if isProjected {
    let embedding = try b.linear(pooled, "text_projection", c.projection, c.layers.width, bias: false)
    b.graph.addResult("text_embeds", embedding)
  } else {
    b.graph.addResult("pooler_output", pooled)
  }
  return ModelGraph(graph: b.graph, contextLength: c.context)
}

extension ModelBuilder {
  /// The last hidden states of tokens, `f32[T,D]`, by modules whose names begin with `prefix`, and the rows of the texts
  /// among them.
  mutating func clipText(
    _ c: CLIPTextConfiguration, _ prefix: String
  ) throws -> (states: ValueID, pooled: ValueID) {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    let words = try embedding("\(prefix)embeddings.token_embedding", c.vocabulary, c.layers.width, tokens)
    let places = try positionEmbedding(
      "\(prefix)embeddings.position_embedding", c.context, c.layers.width, positions)
    let sum = graph.append(.binary(.add), words, places, name: "\(prefix)embeddings")
    let h = try clipLayers(sum, c.layers, visible: .causal, prefix)
    let states = try layerNorm(h, "\(prefix)final_layer_norm", eps: c.layers.eps)
    return (states, chosenRows(states, .ending, name: "\(prefix)pooled"))
  }
}

struct CLIPTextConfiguration {
  var layers: CLIPLayers
  var vocabulary, context, projection: Int

  init(_ c: Configuration) throws {
    layers = try CLIPLayers(c, width: 512, inner: 2048, heads: 8)
    vocabulary = try c.size("vocab_size", default: 49408)
    context = try c.size("max_position_embeddings", default: 77)
    projection = try c.size("projection_dim", default: 512)
  }
}
