import ActFormats

extension Tokenizer {
  /// The tokens of a text with those that the model expects around it, at most so many: a longer text is cut before the
  /// tokens at its end.
  ///
  /// - Returns: the tokens, and how many the whole text has.
  /// - Throws: as `encode` does.
  package func encode(
    _ text: String, atMost most: Int
  ) throws(FileError) -> (tokens: [Int], wholeCount: Int) {
    let whole = try encode(text)
    guard whole.count > most else { return (whole, whole.count) }
    let bare = try encode(text, addSpecialTokens: false)
    let start = whole.indices.first { whole[$0...].starts(with: bare) } ?? 0
    let end = whole.suffix(whole.count - start - bare.count)
    return (Array(whole.prefix(max(0, most - end.count)) + end.prefix(most)), whole.count)
  }
}
