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
    var scores = Array(repeating: TextScore(), count: texts.count)
    // Fewer rows than a step holds: each row has a row of logits, as wide as the vocabulary.
    var queue = StepQueue(engine, rowsPerStep: 128)
    // By owner: the text and the token that follows.
    var targets: [(text: Int, token: Int32)] = []
    var open: [(sequence: Int32, slots: SlotSpans)] = []
    func close() {
      for (sequence, slots) in open {
        engine.closeSequence(sequence)
        self.slots.release(slots)
      }
      open = []
    }
    defer { close() }

    func flush() throws {
      try queue.run { owner, index in
        let target = targets[owner]
        scores[target.text].logLikelihood += logProbability(of: target.token, logits(index))
        scores[target.text].tokenCount += 1
      }
      targets.removeAll(keepingCapacity: true)
    }
    for (index, text) in texts.enumerated() where text.tokens.count > text.firstScored {
      if open.count == engine.maximumSequences {
        try flush()
        close()
        progress(index)
      }
      let slots = try slots.acquire(
        strengths, promptCount: text.promptCount ?? text.tokens.count, length: text.tokens.count)
      do { open.append((try engine.openSequence(capacity: text.tokens.count), slots)) } catch {
        self.slots.release(slots)
        throw error
      }
      let sequence = open[open.count - 1].sequence
      for (position, token) in text.tokens.dropLast().enumerated() {
        let row = Row(
          token: token, position: Int32(position), sequence: sequence, slot: slots[position])
        let isScored = position + 1 >= text.firstScored
        if isScored { targets.append((index, text.tokens[position + 1])) }
        queue.add(row, owner: isScored ? targets.count - 1 : nil)
        if queue.isFull { try flush() }
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
