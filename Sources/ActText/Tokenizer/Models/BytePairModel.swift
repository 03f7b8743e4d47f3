import ActFormats

/// A byte-pair model: turns one word into tokens.
struct BytePairModel: Sendable {
  /// The symbols that a word starts from.
  enum Symbols: Sendable {
    /// The token of each byte, -1 where there is none: byte-level vocabularies. One table for each place in a word.
    case bytes([[Int32]])
    /// One for each character; `fallback` has the token of each byte of a character that has none itself, -1 where
    /// there is none.
    case scalars(fallback: [Int32]?)

    /// Whether every byte of every word has a token, so that nothing is unknown.
    var areComplete: Bool {
      guard case .bytes(let tables) = self else { return false }
      return tables.allSatisfy { $0.allSatisfy { $0 >= 0 } }
    }
  }

  var merges: MergeTable
  var symbols: Symbols
  var affixes: Affixes
  /// A word that is a token needs no merges.
  var ignoresMerges: Bool
  var unknown: Int32?
  /// Adjacent unknown symbols become one unknown token.
  var fusesUnknown: Bool

  /// What the tokens of a word's symbols are spelled with beside the symbol itself.
  struct Affixes: Sendable {
    /// Before each symbol but the first of a word.
    var prefix: [UInt8] = []
    /// After the last symbol of a word.
    var suffix: [UInt8] = []

    /// The number of a symbol's place: 0 for the first of several, 1 inside, 2 for the only one, 3 for the last.
    static func place(isFirst: Bool, isLast: Bool) -> Int { (isFirst ? 0 : 1) + (isLast ? 2 : 0) }

    /// The spelling of the token of `symbol`.
    func spelled(_ symbol: some Sequence<UInt8>, place: Int) -> [UInt8] {
      (place & 1 == 0 ? [] : prefix) + symbol + (place < 2 ? [] : suffix)
    }

    /// Whether the token of a symbol in this place is spelled as the symbol is.
    func isPlain(_ place: Int) -> Bool { (place & 1 == 0 || prefix.isEmpty) && (place < 2 || suffix.isEmpty) }
  }

  /// Appends the tokens of `word` to `out`.
  func encode(_ word: ByteView, _ vocabulary: Vocabulary, _ merger: inout PairMerger, into out: inout [Int32])
  {
    if ignoresMerges, let id = wholeWord(word, vocabulary) {
      out.append(id)
      return
    }
    merger.removeAll()
    // The reference holds an unknown token back until the next token that is known: tokens of bytes overtake it.
    var isUnknownPending = false
    switch symbols {
    case .bytes(let tables):
      for (index, byte) in word.enumerated() {
        let place = Affixes.place(isFirst: index == 0, isLast: index + 1 == word.count)
        append(tables[place][Int(byte)], &isUnknownPending, &merger)
      }
    case .scalars(let fallback):
      var at = 0
      while at < word.count {
        let end = at + word.scalarWidth(at: at)
        let place = Affixes.place(isFirst: at == 0, isLast: end == word.count)
        let symbol = ByteView(rebasing: word[at..<end])
        if affixes.isPlain(place) {
          appendScalar(symbol, vocabulary, fallback, &isUnknownPending, &merger)
        } else {
          affixes.spelled(symbol, place: place).withUnsafeBufferPointer {
            appendScalar($0, vocabulary, fallback, &isUnknownPending, &merger)
          }
        }
        at = end
      }
    }
    if isUnknownPending, let unknown { merger.append(unknown) }
    merger.merge(by: merges, into: &out)
  }

  @inline(__always)
  private func appendScalar(
    _ symbol: ByteView, _ vocabulary: Vocabulary, _ fallback: [Int32]?, _ isUnknownPending: inout Bool,
    _ merger: inout PairMerger
  ) {
    if let id = vocabulary.modelID(of: symbol) {
      append(id, &isUnknownPending, &merger)
    } else if let fallback, symbol.allSatisfy({ fallback[Int($0)] >= 0 }) {
      for byte in symbol { merger.append(fallback[Int(byte)]) }
    } else {
      append(-1, &isUnknownPending, &merger)
    }
  }

  /// Appends a symbol; where it is -1, the unknown token, or nothing in a model that has none.
  @inline(__always)
  private func append(_ id: Int32, _ isUnknownPending: inout Bool, _ merger: inout PairMerger) {
    if id >= 0 {
      if isUnknownPending, let unknown { merger.append(unknown) }
      isUnknownPending = false
      merger.append(id)
    } else if let unknown {
      if isUnknownPending, !fusesUnknown { merger.append(unknown) }
      isUnknownPending = true
    }
  }

  private func wholeWord(_ word: ByteView, _ vocabulary: Vocabulary) -> Int32? {
    guard case .bytes = symbols else { return vocabulary.modelID(of: word) }
    var spelled: [UInt8] = []
    for byte in word { spelled += ByteLevelAlphabet.spelling[Int(byte)] }
    return spelled.withUnsafeBufferPointer { vocabulary.modelID(of: $0) }
  }
}
