import ActFormats
import ActIR

/// BERT (arXiv 1810.04805): an encoder of whole texts, with learned positions and norms behind each layer.
///
/// The pooler is there where the checkpoint has it; what a head adds is not read.
let bert = Architecture(
  "BertModel", "BertForMaskedLM", "BertForPreTraining", otherHeads: ["cls."]
) { configuration, weightType in
  let c = try BertConfiguration(configuration)
  var b = ModelBuilder(name: "bert", configuration: configuration, weightType: weightType)
  let prefix = b.has("bert.embeddings.word_embeddings.weight") ? "bert." : ""
  return try b.bertModel(c, prefix)
}

extension ModelBuilder {
  fileprivate mutating func bertModel(_ c: BertConfiguration, _ prefix: String) throws -> ModelGraph {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    let types = input("token_types", "T", .given)
    func embedding(_ name: String, _ rows: Int, _ index: ValueID) throws -> ValueID {
      let module = "\(prefix)embeddings.\(name)"
      let table = try matrix("\(module).weight", rows, c.width)
      return graph.append(.embedding, table, index, name: module, site: module)
    }
    let words = try embedding("word_embeddings", c.vocabulary, tokens)
    let kinds = try embedding("token_type_embeddings", c.types, types)
    let places = try embedding("position_embeddings", c.context, positions)
    var h = graph.append(.binary(.add), words, kinds, name: "\(prefix)embeddings.types")
    h = graph.append(.binary(.add), h, places, name: "\(prefix)embeddings")
    h = try layerNorm(h, "\(prefix)embeddings.LayerNorm", eps: c.eps)
    for layer in 0..<c.layers { h = try bertLayer(h, c, "\(prefix)encoder.layer.\(layer)") }
    graph.addResult("last_hidden_state", h)

    if has("\(prefix)pooler.dense.weight") {
      // By default the first row of each text.
      let chosen = input("chosen_rows", "R", .chosen)
      let first = graph.append(.takeRows, h, chosen, name: "\(prefix)pooler.first")
      let dense = try linear(first, "\(prefix)pooler.dense", c.width, c.width, bias: true)
      let module = "\(prefix)pooler.activation"
      graph.addResult("pooler_output", graph.append(.unary(.tanh), dense, name: module, site: module))
    }
    return ModelGraph(graph: graph, contextLength: c.context)
  }

  private mutating func bertLayer(_ x: ValueID, _ c: BertConfiguration, _ prefix: String) throws -> ValueID {
    let attention = "\(prefix).attention"
    let q = try linear(x, "\(attention).self.query", c.width, c.width, bias: true)
    let k = try linear(x, "\(attention).self.key", c.width, c.width, bias: true)
    let v = try linear(x, "\(attention).self.value", c.width, c.width, bias: true)
    let keysAndValues = graph.append(
      .kvPack(KeyValues(heads: c.heads, headWidth: c.headWidth)), k, v, name: "\(attention).kv")
    let mixed = graph.append(
      .attention(Attention(scale: Float(1 / Double(c.headWidth).squareRoot()), visible: .all)),
      q, keysAndValues, name: "\(attention).self")
    let o = try linear(mixed, "\(attention).output.dense", c.width, c.width, bias: true)
    let sum = graph.append(.binary(.add), o, x, name: "\(attention).output.sum")
    let h = try layerNorm(sum, "\(attention).output.LayerNorm", eps: c.eps)

    let inner = try linear(h, "\(prefix).intermediate.dense", c.inner, c.width, bias: true)
    let module = "\(prefix).intermediate.intermediate_act_fn"
    let active = c.activation.append(to: &graph, inner, name: module, site: module)
    let outer = try linear(active, "\(prefix).output.dense", c.width, c.inner, bias: true)
    let total = graph.append(.binary(.add), outer, h, name: "\(prefix).output.sum")
    return try layerNorm(total, "\(prefix).output.LayerNorm", eps: c.eps)
  }
}

private struct BertConfiguration {
  var width, inner, layers, heads, headWidth, vocabulary, types, context: Int
  var eps: Float
  var activation: Activation

  init(_ c: Configuration) throws {
    width = try c.size("hidden_size")
    inner = try c.size("intermediate_size")
    layers = try c.size("num_hidden_layers")
    heads = try c.size("num_attention_heads")
    vocabulary = try c.size("vocab_size")
    types = try c.size("type_vocab_size", default: 2)
    context = try c.size("max_position_embeddings")
    eps = Float(try c.number("layer_norm_eps", in: SaneRange.epsilon, default: 1e-12))
    activation = try Activation(c, "hidden_act", default: "gelu")
    guard width % heads == 0 else {
      throw c.failure("num_attention_heads", "a divisor of hidden_size \(width)")
    }
    headWidth = width / heads
    guard try c.string("position_embedding_type", default: "absolute") == "absolute" else {
      throw FileError.unsupported(
        c.path, "position_embedding_type", "positions relative to each other are not supported",
        next: "absolute ones are")
    }
    // What concerns heads, and what the published code does not read.
    c.disregard(
      "tie_word_embeddings", "directionality", "pooler_fc_size", "pooler_num_attention_heads",
      "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type")
    for key in ["is_decoder", "add_cross_attention"] where try c.flag(key, default: false) {
      throw FileError.unsupported(
        c.path, key, "a decoder of this form is not supported", next: "encoders are")
    }
  }
}
