import ActFormats

/// The samples of a data set as tokens, none longer than some length.
public struct TokenizedSamples: Sendable {
  /// In the order of the data set.
  public private(set) var sequences: [FitSequence] = []
  /// How many samples were cut at their end, because they were longer.
  public private(set) var cutCount = 0

  /// Encodes the samples of `set`.
  ///
  /// Of a sample with context the tokens from the first on that differs from the context's own are pooled: a token that
  /// reaches over the seam counts as one of the text.
  ///
  /// - Parameters:
  ///   - set: the samples.
  ///   - tokenizer: the model's.
  ///   - maximumTokens: where longer samples are cut.
  ///   - skippedPositions: how many positions at the start of a sequence are not pooled.
  /// - Throws: an error that names file and line, for a sample of which no token would be pooled.
  public init(
    _ set: DataSet, _ tokenizer: Tokenizer, maximumTokens: Int, skippedPositions: Int = 0
  ) throws(FileError) {
    sequences.reserveCapacity(set.samples.count)
    for sample in set.samples {
      var tokens = try tokenizer.encode(sample.text).map { Int32($0) }
      guard !tokens.isEmpty else { throw sample.failure("no tokens") }
      let start = sample.context.isEmpty ? 0 : try Self.context(of: sample, tokens, tokenizer)
      let first = max(start, skippedPositions)
      guard first < tokens.count else {
        throw sample.failure(
          "expected more than \(first) tokens, of which none is pooled, found \(tokens.count)",
          next: "leave the record out")
      }
      if tokens.count > maximumTokens {
        guard first < maximumTokens else {
          throw sample.failure(
            "the prompt fills all of \(maximumTokens) tokens", next: "shorten it, or raise --max-tokens")
        }
        tokens.removeLast(tokens.count - maximumTokens)
        cutCount += 1
      }
      sequences.append(FitSequence(tokens, pooledFrom: start))
    }
  }

  /// How many tokens the sample and its context have in common.
  private static func context(
    of sample: TextSample, _ tokens: [Int32], _ tokenizer: Tokenizer
  ) throws(FileError) -> Int {
    let context = try tokenizer.encode(sample.context)
    return zip(tokens, context).prefix { Int($0) == $1 }.count
  }
}
