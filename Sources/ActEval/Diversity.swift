/// How little a text repeats itself.
package enum Diversity {
  /// The share of a text's pairs of neighbouring words that are different from each other (distinct-2, arXiv
  /// 1510.03055), in any case; nil for fewer than two words.
  package static func distinctPairs(_ text: String) -> Double? {
    let words = splitWords(text.lowercased())
    guard words.count > 1 else { return nil }
    return Double(Set(zip(words, words.dropFirst()).map { [$0, $1] }).count) / Double(words.count - 1)
  }
}
