import ActCompile
import ActFormats
import ActIR
import ActRuntime
import Glibc
import ModelChecks
import Testing

@Suite struct ScorerTests {
  /// Perplexity from the logits that `transformers` recorded.
  @Test(arguments: smallCheckpoints)
  func scoresFollowFromTheReferenceLogits(checkpoint: String) throws {
    let records = try recordedPrompts.map { try record(of: $0, by: checkpoint) }
    let engine = try Model(fixture(checkpoint)).makeEngine(rows: 32)
    let model = try LanguageModel(engine, path: checkpoint, tokenizer: nil)
    let texts = try records.map { try $0.integers("tokens") }
    for promptCount in [nil, 1, 5] {
      let from = promptCount ?? 1
      let scores = try model.score(texts.map { ScoredText($0, promptCount: promptCount) })
      for (index, record) in records.enumerated() {
        let tokens = texts[index]
        let logits = try record.floats("logits")
        let width = logits.count / tokens.count
        let expected = (from..<tokens.count).reduce(0.0) { sum, position in
          let row = logits[(position - 1) * width..<position * width]
          return sum + Double(row[row.startIndex + Int(tokens[position])]) - Double(logSumExp(row))
        }
        #expect(scores[index].tokenCount == tokens.count - from)
        #expect((scores[index].logLikelihood - expected).magnitude <= 1e-4 * expected.magnitude)
        let perplexity = exp(-expected / Double(tokens.count - from))
        #expect((scores[index].perplexity - perplexity).magnitude <= 1e-4 * perplexity)
      }
      let sum = scores[0] + scores[1]
      #expect(sum.tokenCount == scores[0].tokenCount + scores[1].tokenCount)
      #expect(sum.logLikelihood == scores[0].logLikelihood + scores[1].logLikelihood)
    }
  }

  /// More texts than sequences, some too short to predict anything: each scores as it does alone.
  @Test func manyTextsScoreAsEachAlone() throws {
    let engine = try Model(fixture("tiny-plain")).makeEngine(rows: 16, maximumSequences: 2)
    let model = try LanguageModel(engine, path: "tiny-plain", tokenizer: nil)
    let texts = [9, 1, 25, 2, 40, 3].enumerated().map {
      ScoredText(randomPrompt($1, seed: UInt64($0)))
    }
    let together = try model.score(texts)
    for (text, score) in zip(texts, together) {
      #expect(try model.score([text]) == [score])
      #expect(score.tokenCount == text.tokens.count - 1)
    }
    #expect(together[1] == TextScore())
  }

  /// A map that applies to no token before a scored one is told; one that does changes the scores.
  @Test(arguments: [
    ("all", true, true), ("prompt", true, true), ("generated", false, true), ("last", false, true),
    ("3-", true, true), ("3-3", true, true), ("19-", false, false), ("18-", true, true),
  ])
  func scopesThatLeaveNothingToMeasure(scope: String, whole: Bool, parted: Bool) throws {
    let checkpoint = try Model(fixture("tiny-plain"))
    var map = try checkpoint.fitRandomMap(at: SteeredSites.outputs.rawValue)
    map.fit.scope = try #require(TokenScope(scope))
    let model = try LanguageModel(checkpoint.makeEngine(steeredBy: map), path: "tiny-plain", tokenizer: nil)
    let tokens = randomPrompt(20)
    for (promptCount, isMeasured) in [(nil, whole), (1, parted), (7, parted)] {
      // With one token of prompt, position 0 is the last of it.
      let texts = [ScoredText(Array(tokens.prefix(1))), ScoredText(tokens, promptCount: promptCount)]
      let unmeasured = model.unmeasuredMaps(texts, strengths: [steeringMap: 1])
      #expect(unmeasured == (isMeasured ? [] : [UnmeasuredMap(name: steeringMap, scope: scope)]))
      #expect(model.unmeasuredMaps(texts, strengths: [steeringMap: 0]).isEmpty)
      let isChanged = try model.score(texts, strengths: [steeringMap: 1]) != model.score(texts)
      #expect(isChanged == isMeasured, "\(promptCount ?? 0)")
    }
  }

  @Test func steeringChangesScores() throws {
    let checkpoint = try Model(fixture("tiny-plain"))
    let map = try checkpoint.fitRandomMap(at: SteeredSites.outputs.rawValue)
    let model = try LanguageModel(checkpoint.makeEngine(steeredBy: map), path: "tiny-plain", tokenizer: nil)
    let bare = try LanguageModel(checkpoint.makeEngine(), path: "tiny-plain", tokenizer: nil)
    let texts = [ScoredText(randomPrompt(20))]
    #expect(try model.score(texts, strengths: [steeringMap: 0]) == bare.score(texts))
    #expect(try model.score(texts, strengths: [steeringMap: 1]) != bare.score(texts))
    #expect(throws: EngineError.self) { try model.score(texts, strengths: ["absent": 0]) }
  }
}
