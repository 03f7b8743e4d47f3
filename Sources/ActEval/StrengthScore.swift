import ActFormats
import ActRuntime

/// What a model under one set of strengths makes of texts.
package struct StrengthScore: Sendable {
  package var strengths: Steering
  /// A text each; empty where nothing is measured.
  package var scores: [TextScore]
  /// With the texts as the units that are drawn again; nil where nothing is measured.
  package var perplexity: Estimate?
  /// How much higher the perplexity is than without steering, where the sweep holds that.
  package var change: Estimate?
  /// The maps with a strength whose token scope leaves nothing to measure.
  package var unmeasuredMaps: [UnmeasuredMap]

  /// All scored tokens together.
  package var total: TextScore { scores.reduce(TextScore(), +) }
}

extension LanguageModel {
  /// The tokens of each sample, its context as the prompt that is not scored.
  ///
  /// - Throws: an error that names the line, for a sample longer than the plan's context.
  package func scoredTexts(_ set: DataSet) throws -> [ScoredText] {
    let texts = try set.samples.map { sample in
      let (tokens, contextCount) = try encode(sample)
      guard tokens.count <= contextLength else {
        throw sample.failure(
          "expected at most \(contextLength) tokens, the plan's context, found \(tokens.count)",
          next: "shorten or split it")
      }
      return ScoredText(tokens, promptCount: sample.context.isEmpty ? nil : contextCount)
    }
    guard texts.contains(where: { $0.tokens.count > max($0.promptCount ?? 0, 1) }) else {
      throw FileError(set.path, nil, "no text has a token to predict", next: "give longer texts")
    }
    return texts
  }

  /// Scores texts under each of several sets of strengths; where none of the maps that are on applies to a token that is
  /// read, nothing is measured.
  package func scoreSweep(
    _ texts: [ScoredText], _ combinations: [Steering], progress: (Double) -> Void = { _ in }
  ) throws -> [StrengthScore] {
    var rows: [StrengthScore] = []
    for (index, strengths) in combinations.enumerated() {
      let unmeasured = unmeasuredMaps(texts, strengths: strengths)
      var row = StrengthScore(strengths: strengths, scores: [], unmeasuredMaps: unmeasured)
      if strengths.reduced.terms.count > unmeasured.count || unmeasured.isEmpty {
        row.scores = try score(texts, strengths: strengths) { done in
          progress((Double(index) + Double(done) / Double(texts.count)) / Double(combinations.count))
        }
        row.perplexity = Bootstrap().perplexity(row.scores)
      }
      rows.append(row)
    }
    let bare = rows.first(where: \.strengths.isOff)?.perplexity
    if let bare {
      for index in rows.indices where !rows[index].strengths.isOff {
        rows[index].change = rows[index].perplexity?.relativeChange(from: bare)
      }
    }
    return rows
  }
}
