import Glibc

/// How likely a model finds a text.
package struct TextScore: Hashable, Sendable {
  /// The sum of the natural logarithms of the tokens' probabilities.
  package var logLikelihood = 0.0
  /// How many tokens were predicted: all after the first, or after the prompt.
  package var tokenCount = 0

  package init() {}

  package static func + (a: TextScore, b: TextScore) -> TextScore {
    var sum = a
    sum.logLikelihood += b.logLikelihood
    sum.tokenCount += b.tokenCount
    return sum
  }

  /// `exp(-logLikelihood / tokenCount)`
  package var perplexity: Double { exp(-logLikelihood / Double(max(tokenCount, 1))) }
}

/// A text to score.
package struct ScoredText: Hashable, Sendable {
  package var tokens: [Int32]
  /// How many tokens at the start are a prompt, which is read and not scored. For maps with a token scope the tokens
  /// after it are the generated ones; with nil the whole text is prompt, and all tokens after the first are scored.
  package var promptCount: Int?

  package init(_ tokens: [Int32], promptCount: Int? = nil) {
    self.tokens = tokens
    self.promptCount = promptCount
  }

  /// The index of the first token that is scored: the first token of a text follows nothing.
  var firstScored: Int { max(promptCount ?? 0, 1) }
}

extension LanguageModel {
  /// Scores texts, several in one step.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - strengths: the steering under which the model reads.
  ///   - progress: called now and then with the number of texts done.
  /// - Returns: a score a text, in their order.
  /// - Throws: `EngineError` for a text longer than the plan's context or a dial that does not exist.
  package func score(
    _ texts: [ScoredText], strengths: [String: Float] = [:], progress: (Int) -> Void = { _ in }
  ) throws -> [TextScore] {
    var slots = SlotAssignment(plan)
    var scores = Array(repeating: TextScore(), count: texts.count)
    // Fewer rows than a step holds: each row has a row of logits, as wide as the vocabulary.
    let chunkSize = min(engine.maximumRows, 128)
    var rows: [Row] = []
    var wanted: [Int32] = []
    var targets: [(text: Int, token: Int32)] = []
    var openSequences: [Int32] = []
    defer { for sequence in openSequences { engine.closeSequence(sequence) } }

    func flush() throws {
      guard !rows.isEmpty else { return }
      try engine.step(rows, logitRows: .rows(wanted))
      for (index, target) in targets.enumerated() {
        scores[target.text].logLikelihood += logProbability(of: target.token, logits(index))
        scores[target.text].tokenCount += 1
      }
      rows.removeAll(keepingCapacity: true)
      wanted.removeAll(keepingCapacity: true)
      targets.removeAll(keepingCapacity: true)
    }
    for (index, text) in texts.enumerated() where text.tokens.count > text.firstScored {
      if openSequences.count == engine.maximumSequences {
        try flush()
        for sequence in openSequences { engine.closeSequence(sequence) }
        openSequences = []
        progress(index)
      }
      let sequence = try engine.openSequence(capacity: text.tokens.count)
      openSequences.append(sequence)
      for (position, token) in text.tokens.dropLast().enumerated() {
        let slot = try slots.slot(
          strengths, position: position, promptCount: text.promptCount ?? text.tokens.count, on: engine)
        rows.append(Row(token: token, position: Int32(position), sequence: sequence, slot: slot))
        if position + 1 >= text.firstScored {
          wanted.append(Int32(rows.count - 1))
          targets.append((index, text.tokens[position + 1]))
        }
        if rows.count == chunkSize { try flush() }
      }
    }
    try flush()
    progress(texts.count)
    return scores
  }
}

/// The natural logarithm of a token's probability, its sum in double.
func logProbability(of token: Int32, _ logits: UnsafeBufferPointer<Float>) -> Double {
  var highest = -Float.infinity
  for logit in logits { highest = max(highest, logit) }
  // Four sums, so that additions do not wait for each other.
  var sums = SIMD4<Double>.zero
  for start in stride(from: 0, to: logits.count - 3, by: 4) {
    for lane in 0..<4 { sums[lane] += Double(exp(logits[start + lane] - highest)) }
  }
  for index in logits.count / 4 * 4..<logits.count { sums[0] += Double(exp(logits[index] - highest)) }
  return Double(logits[Int(token)]) - Double(highest) - log(sums.sum())
}
