import ActRuntime

/// What continuations under one set of strengths are like; prompts are the units that are drawn again, with all samples
/// of each.
package struct ContinuationFigures: Sendable {
  package var strengths: Steering
  package var promptCount: Int
  package var continuationCount: Int
  /// The share that shows the concept, 0 to 1; nil without a concept.
  package var conceptShare: Estimate?
  /// The perplexity of the continuations under the judge: how fluent they are.
  package var perplexity: Estimate
  /// The mean of ``Diversity/distinctPairs(_:)``: low where texts go round in circles.
  package var distinctPairs: Estimate
  /// Tokens a continuation.
  package var length: Estimate
  /// The share that the model ended itself, 0 to 1.
  package var endedShare: Estimate
}

/// Measures continuations.
package struct ContinuationEvaluation {
  package var concept: WordMatcher?
  /// The model that finds continuations likely or not, without steering.
  package var judge: LanguageModel
  /// Whether the judge's plan is another than the one that wrote the continuations: it then reads their text, for its
  /// tokens may be others.
  package var readsText: Bool

  package init(judge: LanguageModel, readsText: Bool, concept: WordMatcher?) {
    self.judge = judge
    self.readsText = readsText
    self.concept = concept
  }

  /// Measures the continuations of each of several sets of strengths, in that order.
  package func figures(
    _ records: [GenerationRecord], _ combinations: [Steering], progress: (Double) -> Void = { _ in }
  ) throws -> [ContinuationFigures] {
    let bySteering = Dictionary(grouping: records) { $0.key.strengths }
    return try combinations.enumerated().map { index, strengths in
      let found = bySteering[strengths.reduced] ?? []
      return try figures(found, strengths) { share in
        progress((Double(index) + share) / Double(combinations.count))
      }
    }
  }

  private func figures(
    _ records: [GenerationRecord], _ strengths: Steering, progress: (Double) -> Void
  ) throws -> ContinuationFigures {
    // In one order, so that sums do not depend on which continuation ended first.
    let records = records.sorted { ($0.promptIndex, $0.sample) < ($1.promptIndex, $1.sample) }
    let scores = try judge.score(try records.map(scoredText)) {
      progress(Double($0) / Double(max(records.count, 1)))
    }
    let units = Dictionary(grouping: records.indices) { records[$0].promptIndex }
      .sorted { $0.key < $1.key }.map(\.value)
    let bootstrap = Bootstrap()
    /// The mean over continuations of what `value` gives; those for which it is nil do not count.
    func mean(_ value: (GenerationRecord) -> Double?) -> Estimate {
      let values = records.map(value)
      return bootstrap.ratio(
        units.map { unit in
          let found = unit.compactMap { values[$0] }
          return RatioTerm(found.reduce(0, +), Double(found.count))
        })
    }
    return ContinuationFigures(
      strengths: strengths, promptCount: units.count, continuationCount: records.count,
      conceptShare: concept.map { concept in mean { concept.matches($0.text) ? 1 : 0 } },
      perplexity: bootstrap.perplexity(units.map { $0.reduce(TextScore()) { $0 + scores[$1] } }),
      distinctPairs: mean { Diversity.distinctPairs($0.text) }, length: mean { Double($0.tokens.count) },
      endedShare: mean { $0.finish == .end ? 1 : 0 })
  }

  private func scoredText(_ record: GenerationRecord) throws -> ScoredText {
    let prompt = try judge.encode(record.prompt)
    guard readsText else { return ScoredText(prompt + record.tokens, promptCount: prompt.count) }
    let whole = try judge.encode(record.prompt + record.text)
    return ScoredText(whole, promptCount: zip(prompt, whole).prefix { $0 == $1 }.count)
  }
}
