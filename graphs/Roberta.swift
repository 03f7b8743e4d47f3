import ActFormats
import ActIR

/// RoBERTa (arXiv 1907.11692) and XLM-RoBERTa: BERT, whose first token takes the position after that of padding.
let roberta = Architecture(
  "RobertaModel", "RobertaForMaskedLM", "XLMRobertaModel", "XLMRobertaForMaskedLM", otherHeads: ["lm_head."]
) { configuration, weightType in
  let c = try BertConfiguration(roberta: configuration)
  var b = ModelBuilder(name: "roberta", configuration: configuration, weightType: weightType)
  return try b.bertModel(c, "roberta.")
}

/// RoBERTa with two layers over the first token of a text. Published checkpoints may hold the pooler, which it does not
/// use.
let robertaClassifier = Architecture(
  "RobertaForSequenceClassification", "XLMRobertaForSequenceClassification",
  otherHeads: ["roberta.pooler.", "lm_head."]
) { configuration, weightType in
  let c = try BertConfiguration(roberta: configuration)
  var b = ModelBuilder(name: "roberta", configuration: configuration, weightType: weightType)
  let states = try b.bertStates(c, "roberta.")
  let first = b.chosenRows(states, name: "classifier.first")
  let dense = try b.linear(first, "classifier.dense", c.width, c.width, bias: true)
  let active = b.graph.append(.unary(.tanh), dense, name: "classifier.tanh")
  let labels = try Labels(configuration)
  b.graph.addResult("logits", try b.linear(active, "classifier.out_proj", labels.count, c.width, bias: true))
  return ModelGraph(graph: b.graph, contextLength: c.context, labels: labels)
}

extension BertConfiguration {
  fileprivate init(roberta c: Configuration) throws {
    try self.init(c)
    firstPosition = try c.count("pad_token_id", default: 1) + 1
    guard firstPosition < context else {
      throw c.failure(
        "max_position_embeddings", "more than the \(firstPosition) positions before the first token's")
    }
    context -= firstPosition
  }
}
