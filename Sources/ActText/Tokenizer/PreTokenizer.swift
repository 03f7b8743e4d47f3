import ActFormats

/// Cuts a text into the words that the model encodes one by one.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case split(TokenPattern, SplitBehavior, invert: Bool)
    /// Puts a space before each piece that has none.
    case prefixSpace
    /// Writes spaces as `mark`, puts one before a piece that has none, and splits before each.
    case metaspace(mark: [UInt8], prefix: MetaspacePrefix, split: TokenPattern?)
  }

  var steps: [Step] = []
  /// Whether words are spelled in the byte-level alphabet.
  var isByteLevel = false

  /// The words of a text, as ranges of `bytes`.
  struct Words {
    var bytes: [UInt8]
    var ranges: [Range<Int>]
  }

  /// Cuts `words` further, one step after the other. `isStart` says that they begin the whole text.
  func apply(
    to words: inout Words, isStart: Bool, _ scratch: MatchScratch
  ) throws(TokenPattern.Failure) {
    for step in steps {
      switch step {
      case .split(let pattern, let behavior, let invert):
        try split(&words, pattern, behavior, invert: invert, scratch)
      case .prefixSpace:
        words = rewritten(words) { word, _ in word.first == 0x20 ? Array(word) : [0x20] + word }
      case .metaspace(let mark, let prefix, let pattern):
        words = rewritten(words) { word, isFirst in
          var marked: [UInt8] = []
          for byte in word { if byte == 0x20 { marked += mark } else { marked.append(byte) } }
          let wanted = prefix == .always || (prefix == .first && isFirst && isStart)
          return wanted && !marked.starts(with: mark) ? mark + marked : marked
        }
        if let pattern { try split(&words, pattern, .mergedWithNext, invert: false, scratch) }
      }
    }
  }

  private func rewritten(_ words: Words, _ rewrite: (ArraySlice<UInt8>, _ isFirst: Bool) -> [UInt8]) -> Words
  {
    var out = Words(bytes: [], ranges: [])
    for (index, range) in words.ranges.enumerated() {
      let start = out.bytes.count
      out.bytes += rewrite(words.bytes[range], index == 0)
      out.ranges.append(start..<out.bytes.count)
    }
    return out
  }

  private func split(
    _ words: inout Words, _ pattern: TokenPattern, _ behavior: SplitBehavior, invert: Bool,
    _ scratch: MatchScratch
  ) throws(TokenPattern.Failure) {
    var pieces: [Range<Int>] = []
    pieces.reserveCapacity(words.ranges.count)
    var parts: [SplitBehavior.Part] = []
    try words.bytes.withUnsafeBufferPointer { (bytes) throws(TokenPattern.Failure) in
      for range in words.ranges {
        parts.removeAll(keepingCapacity: true)
        var end = range.lowerBound
        try pattern.forEachMatch(in: ByteView(rebasing: bytes[range]), scratch) { match in
          let match = range.lowerBound + match.lowerBound..<range.lowerBound + match.upperBound
          if end < match.lowerBound { parts.append((end..<match.lowerBound, invert)) }
          parts.append((match, !invert))
          end = match.upperBound
        }
        if end < range.upperBound { parts.append((end..<range.upperBound, invert)) }
        if behavior == .isolated {
          for part in parts where !part.range.isEmpty { pieces.append(part.range) }
        } else {
          for piece in behavior.pieces(of: parts) where !piece.isEmpty { pieces.append(piece) }
        }
      }
    }
    words.ranges = pieces
  }
}

/// Where SentencePiece-style tokenizers put a mark before the text.
enum MetaspacePrefix: String, Sendable {
  case always, first, never
}
