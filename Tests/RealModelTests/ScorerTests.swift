import ActCompile
import ActRuntime
import ModelChecks
import Testing

/// Log-likelihoods of real text, against the sums that `transformers` gives.
@Suite(.serialized, SmolLM2.isThere) struct ScorerTests {
  /// A row's log-likelihood of its own likeliest token is that logit less the row's logarithm of the sum.
  @Test func logLikelihoods() throws {
    let reference = try TensorFile(fixture("smollm2/reference.safetensors"))
    let engine = try SmolLM2.model().makeEngine(maximumSequences: 4)
    let model = try LanguageModel(engine, path: "SmolLM2", tokenizer: nil)
    let texts = try SmolLM2.prompts.map { try reference.integers("\($0)/tokens") }
    let scores = try model.score(texts.map { ScoredText($0) })
    for (prompt, (tokens, score)) in zip(SmolLM2.prompts, zip(texts, scores)) {
      let logits = try engine.run(tokens)
      let width = logits.count / tokens.count
      let sums = try reference.floats("\(prompt)/logsumexp")
      let expected = (1..<tokens.count).reduce(0.0) { sum, position in
        sum + Double(logits[(position - 1) * width + Int(tokens[position])]) - Double(sums[position - 1])
      }
      #expect(score.tokenCount == tokens.count - 1)
      #expect((score.logLikelihood - expected).magnitude <= 1e-4 * expected.magnitude, "\(prompt)")
    }
    #expect((5...500).contains(scores.reduce(TextScore(), +).perplexity))
  }
}
