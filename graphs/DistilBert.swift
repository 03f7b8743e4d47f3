import ActFormats
import ActIR

/// DistilBERT (arXiv 1910.01108): BERT's layers under other names, without types of tokens and a pooler.
let distilBert = Architecture(
  "DistilBertModel", "DistilBertForMaskedLM", otherHeads: ["vocab_"]
) { configuration, weightType in
  let c = try DistilBertConfiguration(configuration)
  var b = ModelBuilder(name: "distilbert", configuration: configuration, weightType: weightType)
  let prefix = b.has("distilbert.embeddings.word_embeddings.weight") ? "distilbert." : ""
  b.graph.addResult("last_hidden_state", try b.distilBertStates(c, prefix))
  return ModelGraph(graph: b.graph, contextLength: c.context)
}

/// DistilBERT with two layers over the first token of a text.
let distilBertClassifier = Architecture(
  "DistilBertForSequenceClassification", otherHeads: ["vocab_"]
) { configuration, weightType in
  let c = try DistilBertConfiguration(configuration)
  var b = ModelBuilder(name: "distilbert", configuration: configuration, weightType: weightType)
  let states = try b.distilBertStates(c, "distilbert.")
  let first = b.chosenRows(states, name: "pre_classifier.first")
  let dense = try b.linear(first, "pre_classifier", c.width, c.width, bias: true)
  let active = Activation.relu.append(to: &b.graph, dense, name: "pre_classifier.relu", site: nil)
  let labels = try Labels(configuration)
  b.graph.addResult("logits", try b.linear(active, "classifier", labels.count, c.width, bias: true))
  return ModelGraph(graph: b.graph, contextLength: c.context, labels: labels)
}

extension ModelBuilder {
  fileprivate mutating func distilBertStates(_ c: DistilBertConfiguration, _ prefix: String) throws -> ValueID
  {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    let words = try embedding("\(prefix)embeddings.word_embeddings", c.vocabulary, c.width, tokens)
    let places = try positionEmbedding(
      "\(prefix)embeddings.position_embeddings", c.context, c.width, positions)
    let sum = graph.append(.binary(.add), words, places, name: "\(prefix)embeddings")
    var h = try layerNorm(sum, "\(prefix)embeddings.LayerNorm", eps: c.eps)
    for layer in 0..<c.layers { h = try distilBertLayer(h, c, "\(prefix)transformer.layer.\(layer)") }
    return h
  }

  private mutating func distilBertLayer(
    _ x: ValueID, _ c: DistilBertConfiguration, _ prefix: String
  ) throws -> ValueID {
    let x = input(x, of: prefix)
    let q = try linear(x, "\(prefix).attention.q_lin", c.width, c.width, bias: true)
    let k = try linear(x, "\(prefix).attention.k_lin", c.width, c.width, bias: true)
    let v = try linear(x, "\(prefix).attention.v_lin", c.width, c.width, bias: true)
    let mixed = attention(q, k, v, heads: c.heads, name: "\(prefix).attention")
    let o = try linear(mixed, "\(prefix).attention.out_lin", c.width, c.width, bias: true)
    let sum = graph.append(.binary(.add), o, x, name: "\(prefix).attention.sum")
    let h = try layerNorm(sum, "\(prefix).sa_layer_norm", eps: c.eps)

    let inner = try linear(h, "\(prefix).ffn.lin1", c.inner, c.width, bias: true)
    let module = "\(prefix).ffn.activation"
    let active = c.activation.append(to: &graph, inner, name: module, site: module)
    let outer = try linear(active, "\(prefix).ffn.lin2", c.width, c.inner, bias: true)
    let total = graph.append(.binary(.add), outer, h, name: "\(prefix).ffn.sum")
    return try layerNorm(total, "\(prefix).output_layer_norm", eps: c.eps)
  }
}

private struct DistilBertConfiguration {
  var width, inner, layers, heads, vocabulary, context: Int
  let eps: Float = 1e-12
  var activation: Activation

  init(_ c: Configuration) throws {
    width = try c.size("dim", default: 768)
    inner = try c.size("hidden_dim", default: 3072)
    layers = try c.size("n_layers", default: 6)
    heads = try c.size("n_heads", default: 12)
    vocabulary = try c.size("vocab_size", default: 30522)
    context = try c.size("max_position_embeddings", default: 512)
    activation = try Activation(c, "activation", default: "gelu")
    // How the positions were made, which the checkpoint has, and what concerns heads.
    c.disregard(
      "sinusoidal_pos_embds", "tie_weights_", "tie_word_embeddings", "seq_classif_dropout", "qa_dropout")
    guard width % heads == 0 else { throw c.failure("n_heads", "a divisor of dim \(width)") }
  }
}
