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
  ///   - strengths: the steering under which the model reads. Of a text that is all prompt, tests of the prompt are about
  ///     the whole text.
  ///   - progress: called now and then with the number of texts done.
  /// - Returns: a score a text, in their order.
  /// - Throws: `EngineError` for a text longer than the plan's context, or a steering that names what the plan does not
  ///   have.
  package func score(
    _ texts: [ScoredText], strengths: Steering = [:], progress: (Int) -> Void = { _ in }
  ) throws -> [TextScore] {
    var run = ScoringRun(self, texts, strengths)
    defer { run.close() }
    let together = mostTogether(CollectionOfOne(strengths))
    let scored = texts.indices.filter { texts[$0].tokens.count > texts[$0].firstScored }
    for start in stride(from: 0, to: scored.count, by: together) {
      let group = scored[start..<min(start + together, scored.count)]
      progress(group.first!)
      try run.score(group)
    }
    progress(texts.count)
    return run.scores
  }
}

/// Texts on their way through the engine, some at a time.
private struct ScoringRun {
  private let model: LanguageModel
  private let texts: [ScoredText]
  private let strengths: Steering
  private var queue: SteeredQueue
  /// By owner: the text and the token that follows.
  private var targets: [(text: Int, token: Int32)] = []
  private var open: [(text: Int, sequence: SteeredSequence)] = []
  private(set) var scores: [TextScore]

  init(_ model: LanguageModel, _ texts: [ScoredText], _ strengths: Steering) {
    self.model = model
    self.texts = texts
    self.strengths = strengths
    // Fewer rows than a step holds: each row has a row of logits, as wide as the vocabulary.
    queue = SteeredQueue(model, rowsPerStep: 128)
    scores = Array(repeating: TextScore(), count: texts.count)
  }

  mutating func close() {
    for (_, sequence) in open { model.close(sequence) }
    open = []
  }

  /// Scores texts that are open together: all prompts with open tests first, then everything else.
  mutating func score(_ group: ArraySlice<Int>) throws {
    for index in group {
      let count = texts[index].tokens.count
      open.append(
        (
          index,
          try model.open(strengths, promptCount: texts[index].promptCount ?? count, capacity: count)
        ))
    }
    var next = open.map { _ in 0 }
    for (place, (text, sequence)) in open.enumerated() where !sequence.isDecided {
      try add(0..<sequence.promptCount, of: text, sequence)
      next[place] = sequence.promptCount
    }
    try flush()
    for (place, (text, sequence)) in open.enumerated() {
      let start = sequence.beginsAgain ? 0 : next[place]
      sequence.begin()
      let end = texts[text].tokens.count - 1
      if start < end { try add(start..<end, of: text, sequence) }
    }
    try flush()
    close()
  }

  /// Adds rows of a text; what follows them is scored where it is to be.
  private mutating func add(_ positions: Range<Int>, of index: Int, _ sequence: SteeredSequence) throws {
    let text = texts[index]
    let isProvisional = sequence.isProvisional
    for position in positions {
      let isScored =
        !isProvisional && position + 1 >= text.firstScored && position + 1 < text.tokens.count
      // A step that has run begins the owners anew.
      while try !queue.add(
        text.tokens[position], at: position, of: sequence, owner: isScored ? targets.count : nil)
      { try flush() }
      if isScored { targets.append((index, text.tokens[position + 1])) }
    }
  }

  private mutating func flush() throws {
    var found: [(owner: Int, value: Double)] = []
    let (model, targets) = (model, targets)
    try queue.run { owner, index in
      found.append((owner, logProbability(of: targets[owner].token, model.logits(index))))
    }
    for (owner, value) in found {
      scores[targets[owner].text].logLikelihood += value
      scores[targets[owner].text].tokenCount += 1
    }
    self.targets.removeAll(keepingCapacity: true)
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
