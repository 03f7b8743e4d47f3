import ActFormats
import ActRuntime

/// What one strength does to generated text.
package struct ConceptRow: Hashable, Sendable {
  /// By map name.
  package var strengths: [String: Float]
  /// The share of continuations that show the concept, 0 to 1.
  package var conceptShare: Double
  /// The perplexity of the continuations under the unsteered model: how fluent they are.
  package var continuationPerplexity: Double
  /// The perplexity of held-out text under the steered model: the damage; nil without held-out text.
  package var heldOutPerplexity: Double?
  /// Generated tokens by the seconds of prefill and decode together.
  package var tokensPerSecond: Double
  /// The continuations, a prompt each.
  package var texts: [String]
}

/// Continues prompts under one set of strengths and measures how many show a concept and how fluent they are.
package struct ConceptEvaluation: Sendable {
  package var prompts: [String]
  package var concept: WordMatcher
  /// Text of the ordinary kind, for perplexity.
  package var heldOut: [String]
  package var maximumTokens: Int
  package var sampling: SamplingOptions

  package init(
    prompts: [String], concept: WordMatcher, heldOut: [String], maximumTokens: Int, sampling: SamplingOptions
  ) {
    self.prompts = prompts
    self.concept = concept
    self.heldOut = heldOut
    self.maximumTokens = maximumTokens
    self.sampling = sampling
  }

  /// Measures one set of strengths; prompt i is sampled with seed `sampling.seed + i`, whatever the strength.
  package func measure(_ model: LanguageModel, _ strengths: [String: Float]) throws -> ConceptRow {
    let requests = try prompts.enumerated().map { index, prompt in
      var request = GenerationRequest(prompt: try model.encode(prompt), maximumTokens: maximumTokens)
      request.strengths = strengths
      request.sampling = sampling
      request.sampling.seed &+= UInt64(index)
      if let end = model.tokenizer?.eosToken { request.stopTokens = [Int32(end)] }
      return request
    }
    let (generations, timing) = try model.generate(requests)
    let texts = generations.map { model.decode($0.tokens) }
    let continued = zip(requests, generations).map { request, generation in
      (tokens: request.prompt + generation.tokens, from: request.prompt.count)
    }
    let fluency = try model.score(continued).reduce(TextScore(), +)
    let damage =
      heldOut.isEmpty
      ? nil
      : try model.score(heldOut.map { (tokens: try model.encode($0), from: 1) }, strengths: strengths)
        .reduce(TextScore(), +)
    let seconds = (timing.prefill + timing.decode) / .seconds(1)
    return ConceptRow(
      strengths: strengths,
      conceptShare: Double(texts.count(where: concept.matches)) / Double(max(texts.count, 1)),
      continuationPerplexity: fluency.perplexity, heldOutPerplexity: damage?.perplexity,
      tokensPerSecond: Double(timing.generatedTokens) / seconds, texts: texts)
  }
}
