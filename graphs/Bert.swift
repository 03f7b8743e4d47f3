import ActFormats
import ActIR

/// BERT (arXiv 1810.04805): an encoder of whole texts, with learned positions and norms after each layer.
///
/// The pooler is there where the checkpoint has it; what a head over masked tokens adds is not read.
let bert = Architecture(
  "BertModel", "BertForMaskedLM", "BertForPreTraining", otherHeads: ["cls."]
) { configuration, weightType in
  let c = try BertConfiguration(configuration)
  var b = ModelBuilder(name: "bert", configuration: configuration, weightType: weightType)
  return try b.bertModel(c, "bert.")
}

/// BERT with a linear layer over its pooler.
let bertClassifier = Architecture(
  "BertForSequenceClassification", otherHeads: ["cls."]
) { configuration, weightType in
  let c = try BertConfiguration(configuration)
  var b = ModelBuilder(name: "bert", configuration: configuration, weightType: weightType)
  let pooled = try b.bertPooler(b.bertStates(c, "bert."), c.width, "bert.")
  let labels = try Labels(configuration)
  b.graph.addResult("logits", try b.linear(pooled, "classifier", labels.count, c.width, bias: true))
  return ModelGraph(graph: b.graph, contextLength: c.context, labels: labels)
}

extension ModelBuilder {
  /// The encoder with its results, of a checkpoint whose names may begin with `prefix`.
  mutating func bertModel(_ c: BertConfiguration, _ prefix: String) throws -> ModelGraph {
    let prefix = has("\(prefix)embeddings.word_embeddings.weight") ? prefix : ""
    let states = try bertStates(c, prefix)
    graph.addResult("last_hidden_state", states)
    if has("\(prefix)pooler.dense.weight") {
      graph.addResult("pooler_output", try bertPooler(states, c.width, prefix))
    }
    return ModelGraph(graph: graph, contextLength: c.context)
  }

  /// The last hidden states of tokens, `f32[T,D]`, by modules whose names begin with `prefix`.
  mutating func bertStates(_ c: BertConfiguration, _ prefix: String) throws -> ValueID {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    let types = input("token_types", "T", .given)
    let words = try embedding("\(prefix)embeddings.word_embeddings", c.vocabulary, c.width, tokens)
    let kinds = try embedding("\(prefix)embeddings.token_type_embeddings", c.types, c.width, types)
    let places = try positionEmbedding(
      "\(prefix)embeddings.position_embeddings", c.context + c.firstPosition, c.width, positions,
      from: c.firstPosition)
    var h = graph.append(.binary(.add), words, kinds, name: "\(prefix)embeddings.types")
    h = graph.append(.binary(.add), h, places, name: "\(prefix)embeddings")
    h = try layerNorm(h, "\(prefix)embeddings.LayerNorm", eps: c.eps)
    for layer in 0..<c.layers { h = try bertLayer(h, c, "\(prefix)encoder.layer.\(layer)") }
    return h
  }

  /// The chosen rows, by default the first of each text, after a layer and tanh.
  mutating func bertPooler(_ states: ValueID, _ width: Int, _ prefix: String) throws -> ValueID {
    let first = chosenRows(states, name: "\(prefix)pooler.first")
    let dense = try linear(first, "\(prefix)pooler.dense", width, width, bias: true)
    let module = "\(prefix)pooler.activation"
    return graph.append(.unary(.tanh), input(dense, of: module), name: module, site: module)
  }

  private mutating func bertLayer(_ x: ValueID, _ c: BertConfiguration, _ prefix: String) throws -> ValueID {
    let (x, attention) = (input(x, of: prefix), "\(prefix).attention")
    let q = try linear(x, "\(attention).self.query", c.width, c.width, bias: true)
    let k = try linear(x, "\(attention).self.key", c.width, c.width, bias: true)
    let v = try linear(x, "\(attention).self.value", c.width, c.width, bias: true)
    let mixed = self.attention(q, k, v, heads: c.heads, name: "\(attention).self")
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

struct BertConfiguration {
  var width, inner, layers, heads, vocabulary, types, context: Int
  /// The row of the table of positions that the first token takes.
  var firstPosition = 0
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
