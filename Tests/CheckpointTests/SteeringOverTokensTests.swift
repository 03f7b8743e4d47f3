import ActCompile
import ActIR
import ActRuntime
import ModelChecks
import Testing

/// Strengths that change over a text's tokens, and conditions on its prompt: choices of a slot by the host.
@Suite struct SteeringOverTokensTests {
  private static let promptCount = 7
  private let tokens = randomPrompt(24)

  /// Every way to steer, with its strength at each token where that follows from nothing else.
  private static let schedules: [(text: String, strength: @Sendable (_ generated: Int) -> Float)] = [
    ("map=0.6", { _ in 0.6 }),
    ("map=0->1 over 4", { $0 <= 0 ? 0 : min(Float($0) / 4, 1) }),
    ("map=1→0.5 over 1", { $0 <= 0 ? 1 : 0.5 }),
    ("map=1 until 5", { $0 < 5 ? 1 : 0 }),
    ("map=0.25->0.75 over 2 until 6", { $0 >= 6 ? 0 : $0 <= 0 ? 0.25 : $0 == 1 ? 0.5 : 0.75 }),
  ]
  private static let scopes = ["all", "generated", "first:3", "after:3", "2-9"]

  @Test(arguments: scopes, schedules.indices)
  func rowsNameTheSlotOfTheirStrength(scope: String, schedule: Int) throws {
    let model = try ConditionedModel(scope: scope).model()
    let (text, strength) = Self.schedules[schedule]
    let tokenScope = try #require(TokenScope(scope))
    let strengths = tokens.indices.map { position in
      tokenScope.contains(position: position, promptCount: Self.promptCount)
        ? strength(position - Self.promptCount) : 0
    }
    let expected = try model.logits(tokens, strengths: strengths)
    for chunk in [1, 5, 24] {
      let values = try model.evaluate(
        tokens, promptCount: Self.promptCount, strengths: steering(text), chunkSize: chunk)[0].values
      #expect(sameBits(values, expected), "\(chunk)")
    }
    #expect(model.slots.holderCount == 0)
  }

  private static let conditions = [
    "map=1 when cos(s) > {}", "map=1 when mean(s) > {}", "map=0->1 over 8 when max(s) > {} and cos(s) < {}",
    "map=1 until 3 when not (min(s) > {} or last(s) > {})",
  ]

  /// However a text is cut or read beside others, each is as alone; and slots are given back.
  @Test(arguments: conditions, [false, true])
  func nothingBesideATextMatters(condition: String, readsPromptAgain: Bool) throws {
    let conditioned = try ConditionedModel(scope: "all")
    let model = try conditioned.model()
    let threshold = try model.scores(tokens).sorted()[12]
    let strengths = try steering(
      condition.replacing("{}", with: "\(threshold)"), readsPromptAgain: readsPromptAgain)
    let runs = try [1, 5, 24].map { chunk in
      try model.evaluate(tokens, promptCount: Self.promptCount, strengths: strengths, chunkSize: chunk)
    }
    for run in runs { #expect(sameBits(run[0].values, runs[0][0].values)) }
    var requests: [GenerationRequest] = []
    for index in 0..<9 {
      var request = GenerationRequest(
        prompt: randomPrompt(3 + 5 * index, seed: UInt64(index)), maximumTokens: 14)
      request.sampling.temperature = 1.5
      request.sampling.seed = UInt64(index)
      if index % 3 > 0 { request.strengths = strengths }
      requests.append(request)
    }
    let together = try model.generate(requests).generations
    #expect(try model.generate(requests.reversed()).generations == together.reversed())
    // Fewer slots than texts have between them.
    for (rows, slots) in [(24, 64), (5, 3), (100, 2)] {
      let other = try conditioned.model(rows: rows, sequences: 5, slots: slots)
      #expect(try other.generate(requests).generations == together, "\(slots)")
      for index in [0, 4, 8] {
        #expect(try other.generate([requests[index]]).generations == [together[index]])
      }
      #expect(other.slots.holderCount == 0)
    }
    #expect(model.slots.holderCount == 0)
  }

  /// Greedy text is what whole forward passes give, under every kind of steering.
  @Test(arguments: conditions + schedules.map(\.text), [false, true])
  func prefillThenDecodeEqualsOneForward(condition: String, readsPromptAgain: Bool) throws {
    let model = try ConditionedModel(scope: "all").model(rows: 64)
    let threshold = try model.scores(tokens).sorted()[12]
    var request = GenerationRequest(prompt: randomPrompt(Self.promptCount, seed: 4), maximumTokens: 12)
    request.sampling = .greedy
    request.strengths = try steering(
      condition.replacing("{}", with: "\(threshold)"), readsPromptAgain: readsPromptAgain)
    let generated = try model.generate([request]).generations[0].tokens
    #expect(generated.count == 12)
    let text = request.prompt + generated
    let logits = try model.evaluate(
      text, promptCount: request.prompt.count, strengths: request.strengths)[0].values
    for (index, token) in generated.enumerated() {
      let row = (request.prompt.count - 1 + index) * 320
      let values = logits[row..<row + 320]
      #expect(values.firstIndex(of: values.max()!).map { Int32($0 - row) } == token)
    }
  }

  private static let subjects = ScoreTest.Subject.allCases.filter { $0 != .token }

  /// A prompt's test is decided by its scores, pooled in double; what follows is steered, and with another reading the
  /// prompt too.
  @Test(arguments: subjects)
  func promptsAreDecidedByTheirScores(subject: ScoreTest.Subject) throws {
    let model = try ConditionedModel(scope: "all").model()
    let scores = try model.scores(tokens).prefix(Self.promptCount).map(Double.init)
    let pooled =
      switch subject {
      case .last: scores[scores.count - 1]
      case .mean: scores.reduce(0, +) / Double(scores.count)
      case .max: scores.max()!
      case .min: scores.min()!
      case .token: Double.nan
      }
    let bare = try model.evaluate(tokens)[0].values
    let always = try model.evaluate(tokens, strengths: ["map": 1])[0].values
    let after = try model.logits(
      tokens, strengths: tokens.indices.map { $0 < Self.promptCount ? 0 : 1 })
    for (text, holds) in [
      ("> \(pooled.nextDown)", true), ("> \(pooled)", false), (">= \(pooled)", true), ("< \(pooled)", false),
      ("<= \(pooled)", true), ("< \(pooled.nextUp)", true),
    ] {
      for readsPromptAgain in [false, true] {
        let strengths = try steering(
          "map=1 when \(subject.rawValue)(s) \(text)", readsPromptAgain: readsPromptAgain)
        let values = try model.evaluate(
          tokens, promptCount: Self.promptCount, strengths: strengths)[0].values
        let expected = holds ? (readsPromptAgain ? always : after) : bare
        #expect(sameBits(values, expected), "\(text)")
      }
    }
    #expect(model.slots.holderCount == 0)
  }

  /// Texts score as their logits say, under conditions on their prompts.
  @Test(arguments: [false, true])
  func scoresOfTexts(readsPromptAgain: Bool) throws {
    let model = try ConditionedModel(scope: "all").model()
    let threshold = try model.scores(tokens).sorted()[12]
    let strengths = try steering("map=1 when mean(s) > \(threshold)", readsPromptAgain: readsPromptAgain)
    let texts = (0..<11).map { index in
      ScoredText(
        randomPrompt(9 + 3 * index, seed: UInt64(index)), promptCount: index % 4 == 0 ? nil : 2 + index)
    }
    let scores = try model.score(texts, strengths: strengths)
    for (text, score) in zip(texts, scores) {
      #expect(try model.score([text], strengths: strengths) == [score])
      let logits = try model.evaluate(
        text.tokens, promptCount: text.promptCount, strengths: strengths)[0].values
      let from = max(text.promptCount ?? 0, 1)
      let expected = (from..<text.tokens.count).reduce(0.0) { sum, position in
        let row = logits[(position - 1) * 320..<position * 320]
        return sum + Double(row[row.startIndex + Int(text.tokens[position])]) - Double(logSumExp(row))
      }
      #expect(score.tokenCount == text.tokens.count - from)
      #expect((score.logLikelihood - expected).magnitude <= 1e-4 * expected.magnitude)
    }
    #expect(model.slots.holderCount == 0)
    // A text that is all prompt is measured where prompts are read again.
    let whole = [ScoredText(tokens)]
    #expect(model.unmeasuredMaps(whole, strengths: strengths).isEmpty == readsPromptAgain)
    #expect(try model.unmeasuredMaps(whole, strengths: steering("map=0->1 over 4")).count == 1)
    #expect(try model.unmeasuredMaps(whole, strengths: steering("map=1 until 4")).isEmpty)
  }

  /// What fails gives back what it holds.
  @Test func nothingIsHeldAfterAnError() throws {
    struct Enough: Error {}
    let model = try ConditionedModel(scope: "all").model()
    var request = GenerationRequest(prompt: tokens, maximumTokens: 20)
    request.strengths = try steering("map=0->1 over 16 when max(s) > -2")
    #expect(throws: Enough.self) {
      try model.generate(
        [request], onToken: { _, _ in }, onEnd: { _, _ in throw Enough() })
    }
    #expect(throws: EngineError.self) {
      try model.score([ScoredText(tokens, promptCount: 0)], strengths: request.strengths)
    }
    #expect(model.slots.holderCount == 0)
    #expect(try model.generate([request]).generations[0].tokens.count == 20)
  }
}
