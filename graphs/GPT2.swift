import ActFormats
import ActIR

/// GPT-2: learned positions, and linear layers that the checkpoint has transposed.
let gpt2 = Architecture("GPT2LMHeadModel") { configuration, weightType in
  let c = try GPT2Configuration(configuration)
  var b = ModelBuilder(name: "gpt2", configuration: configuration, weightType: weightType)
  b.otherNames = [(module: "transformer.", checkpoint: "")]
  return try b.gpt2Model(c)
}
.holding(.ownHead(embedding: "wte"))

extension ModelBuilder {
  fileprivate mutating func gpt2Model(_ c: GPT2Configuration) throws -> ModelGraph {
    let inputs = decoderInputs()
    let words = try embedding(
      "transformer.wte", c.vocabulary, c.width, inputs.tokens, orTied: c.tiesEmbedding ? "lm_head" : nil)
    let places = try embedding("transformer.wpe", c.context, c.width, inputs.positions)
    var h = sum(words, places, "transformer.embedding")
    for layer in 0..<c.layers { h = try gpt2Layer(h, c, layer) }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try layerNorm(h, "transformer.ln_f", eps: c.eps)
    let logits = try head(h, c.vocabulary, tied: c.tiesEmbedding ? words : nil)
    return languageModel(logits, context: c.context)
  }

  private mutating func gpt2Layer(_ x: ValueID, _ c: GPT2Configuration, _ layer: Int) throws -> ValueID {
    let (prefix, width) = ("transformer.h.\(layer)", c.width)
    let x = input(x, of: prefix)
    let n = try layerNorm(x, "\(prefix).ln_1", eps: c.eps)
    let all = try gpt2Linear(input(n, of: "\(prefix).attn"), "\(prefix).attn.c_attn", 3 * width)
    let parts = ["q", "k", "v"].enumerated().map { index, name in
      columns(all, from: index * width, width, "\(prefix).attn.\(name)")
    }
    let mixed = attention(
      parts[0], parts[1], parts[2], c.heads, layer: layer, "\(prefix).attn", scale: c.scale(layer: layer))
    let h = sum(try gpt2Linear(mixed, "\(prefix).attn.c_proj", width), x, "\(prefix).h")

    let m = try layerNorm(h, "\(prefix).ln_2", eps: c.eps)
    let inner = try gpt2Linear(input(m, of: "\(prefix).mlp"), "\(prefix).mlp.c_fc", c.inner)
    let active = c.activation.append(
      to: &graph, inner, name: "\(prefix).mlp.act", site: "\(prefix).mlp.act")
    return sum(h, try gpt2Linear(active, "\(prefix).mlp.c_proj", width), prefix, isSite: true)
  }

  /// A linear layer with a bias, whose weight is stored as [input, output].
  private mutating func gpt2Linear(_ x: ValueID, _ module: String, _ rows: Int) throws -> ValueID {
    let weight = try transposed("\(module).weight", rows, graph.type(x).shape.last!.fixed!)
    let bias = try vector("\(module).bias", rows)
    return graph.append(.linear, input(x, of: module), weight, bias, name: module, site: module)
  }
}

private struct GPT2Configuration {
  var width, inner, layers, vocabulary, context: Int
  var heads: AttentionHeads
  var eps: Float
  var tiesEmbedding: Bool
  var activation: Activation
  var scalesScores, scalesScoresByLayer: Bool

  init(_ c: Configuration) throws {
    width = try c.size("n_embd")
    layers = try c.size("n_layer")
    vocabulary = try c.size("vocab_size")
    context = try c.size("n_positions", default: 1024)
    inner = try c.size("n_inner", default: 4 * width)
    heads = try AttentionHeads(c, "n_head", dividing: width)
    eps = Float(try c.number("layer_norm_epsilon", in: SaneRange.epsilon, default: 1e-5))
    tiesEmbedding = try c.flag("tie_word_embeddings", default: true)
    activation = try Activation(c, "activation_function", default: "gelu_new")
    scalesScores = try c.flag("scale_attn_weights", default: true)
    scalesScoresByLayer = try c.flag("scale_attn_by_inverse_layer_idx", default: false)
  }

  func scale(layer: Int) -> Float {
    (scalesScores ? heads.scale : 1) / (scalesScoresByLayer ? Float(layer + 1) : 1)
  }
}
