import ActFormats

/// A byte-pair model: turns one word into tokens.
struct BytePairModel: Sendable {
  /// The symbols that a word starts from.
  enum Symbols: Sendable {
    /// The token of each byte, -1 where there is none: byte-level vocabularies.
    case bytes([Int32])
    /// One for each character; `fallback` has the token of each byte of a character that has none itself.
    case scalars(fallback: [Int32]?)
  }

  var vocabulary: Vocabulary
  var merges: MergeTable
  var symbols: Symbols
  /// A word that is a token needs no merges.
  var ignoresMerges: Bool
  var unknown: Int32?
  /// Adjacent unknown symbols become one unknown token.
  var fusesUnknown: Bool

  /// Appends the tokens of `word` to `out`.
  func encode(_ word: ByteView, _ merger: inout PairMerger, into out: inout [Int32]) {
    if ignoresMerges, let id = wholeWord(word) {
      out.append(id)
      return
    }
    merger.removeAll()
    var afterUnknown = false
    switch symbols {
    case .bytes(let ids):
      for byte in word { append(ids[Int(byte)], &afterUnknown, &merger) }
    case .scalars(let fallback):
      var at = 0
      while at < word.count {
        var end = at + 1
        while end < word.count, word[end] & 0xC0 == 0x80 { end += 1 }
        if let id = vocabulary.modelID(of: ByteView(rebasing: word[at..<end])) {
          append(id, &afterUnknown, &merger)
        } else if let fallback {
          for byte in word[at..<end] { append(fallback[Int(byte)], &afterUnknown, &merger) }
        } else {
          append(-1, &afterUnknown, &merger)
        }
        at = end
      }
    }
    merger.merge(by: merges, into: &out)
  }

  /// Appends a symbol; where it is -1, the unknown token, or nothing in a model that has none.
  private func append(_ id: Int32, _ afterUnknown: inout Bool, _ merger: inout PairMerger) {
    if id >= 0 {
      merger.append(id)
      afterUnknown = false
    } else if let unknown, !(fusesUnknown && afterUnknown) {
      merger.append(unknown)
      afterUnknown = true
    }
  }

  private func wholeWord(_ word: ByteView) -> Int32? {
    guard case .bytes = symbols else { return vocabulary.modelID(of: word) }
    var spelled: [UInt8] = []
    for byte in word { spelled += ByteLevelAlphabet.spelling[Int(byte)] }
    return spelled.withUnsafeBufferPointer { vocabulary.modelID(of: $0) }
  }
}
