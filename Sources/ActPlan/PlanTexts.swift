import ActFormats

/// What a plan knows of texts, beside its programs: its tokenizers, and as metadata `end_tokens` and `labels`, both JSON.
package struct PlanTexts: Sendable {
  package var tokenizers: [PlanTokenizer]
  /// The tokens that end a text, beside the tokenizer's own.
  package var endTokens: [Int]
  /// Of a classifier, what its logits tell apart.
  package var labels: Labels?

  package init(tokenizers: [PlanTokenizer] = [], endTokens: [Int] = [], labels: Labels? = nil) {
    self.tokenizers = tokenizers
    self.endTokens = endTokens
    self.labels = labels
  }

  var metadata: [(key: String, value: String)] {
    var entries = tokenizers.flatMap(\.metadata)
    if !endTokens.isEmpty { entries.append(("end_tokens", JSON.array(endTokens.map(JSON.int)).description)) }
    if let labels { entries.append(("labels", labels.json.description)) }
    return entries
  }
}

extension SafetensorsFile {
  /// The tokens that end a text, as a plan records them.
  func endTokens() throws(FileError) -> [Int] {
    guard let json = try json("end_tokens") else { return [] }
    let tokens = (json.array ?? []).compactMap(\.int)
    guard tokens.count == json.array?.count, tokens.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
      throw FileError(path, "end_tokens", "expected token ids")
    }
    return tokens
  }

  /// What a classifier tells apart, as a plan records it.
  func labels() throws(FileError) -> Labels? {
    guard let json = try json("labels") else { return nil }
    guard let labels = Labels(json) else {
      throw FileError(path, "labels", "expected names, and whether they are independent")
    }
    return labels
  }
}
