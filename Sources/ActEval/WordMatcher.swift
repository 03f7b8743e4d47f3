/// Tells whether a text has one of a list of words or phrases, whatever the case.
package struct WordMatcher: Hashable, Sendable {
  /// Each entry's words, lower case.
  private let entries: [[Substring]]
  private let words: Set<Substring>

  /// `entries`: words, or phrases of several words.
  package init(_ entries: [String]) {
    let split = entries.map { splitWords($0.lowercased()) }.filter { !$0.isEmpty }
    words = Set(split.filter { $0.count == 1 }.map { $0[0] })
    self.entries = split.filter { $0.count > 1 }
  }

  /// Whether there is nothing to look for.
  package var isEmpty: Bool { words.isEmpty && entries.isEmpty }

  /// Whether `text` has one of the entries.
  package func matches(_ text: String) -> Bool {
    let found = splitWords(text.lowercased())
    if found.contains(where: words.contains) { return true }
    return entries.contains { entry in
      found.indices.contains { start in found[start...].starts(with: entry) }
    }
  }
}
