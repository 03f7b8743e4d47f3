import ActFormats

/// The tokens of words seen before, bounded in size: when it is full, it starts anew.
struct WordCache {
  private static let maximumWords = 1 << 16
  private static let maximumTokens = 1 << 19
  private static let maximumWordLength = 64

  private var words = ByteStringTable(capacity: 1 << 12)
  private var ends: [Int] = []
  private var tokens: [Int32] = []

  /// Appends the tokens of `word` to `out`; false where the word is not known.
  func append(_ word: ByteView, to out: inout [Int32]) -> Bool {
    guard word.count <= WordCache.maximumWordLength, let index = words.index(of: word) else { return false }
    for at in (index == 0 ? 0 : ends[index - 1])..<ends[index] { out.append(tokens[at]) }
    return true
  }

  /// Remembers the tokens of `word`, which the cache does not know.
  mutating func insert(_ word: ByteView, _ newTokens: ArraySlice<Int32>) {
    guard word.count <= WordCache.maximumWordLength else { return }
    if words.count == WordCache.maximumWords || tokens.count > WordCache.maximumTokens {
      words.removeAll()
      ends.removeAll(keepingCapacity: true)
      tokens.removeAll(keepingCapacity: true)
    }
    guard words.insert(word).isNew else { return }
    tokens.append(contentsOf: newTokens)
    ends.append(tokens.count)
  }
}
