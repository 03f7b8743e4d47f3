import ActFormats

/// Cuts a text into the words that the model encodes one by one.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case split(TokenPattern, SplitBehavior, invert: Bool)
    /// Cuts at the characters of a class.
    case cut(CharacterClass, SplitBehavior)
    /// Keeps runs of word characters, and of others that are no white space.
    case words
    case scripts(UnicodeScripts)
    /// Cuts into words of so many characters.
    case fixedLength(Int)
    /// Puts a space before each piece that has none.
    case prefixSpace
    /// Writes spaces as `mark`, and puts one before a piece that has none.
    case metaspace(mark: [UInt8], prefix: MetaspacePrefix)
    /// Spells every byte as its character of the byte-level alphabet.
    case byteLevel
  }

  var steps: [Step] = []
  /// Whether the words are to be spelled in the byte-level alphabet, which no step has done: the model may do without.
  var isByteLevel = false

  /// The words of a text, as ranges of its bytes.
  struct Words {
    var text: NormalText
    var ranges: [Range<Int>]
  }

  /// Cuts `words` further, one step after the other.
  func apply(to words: inout Words, _ scratch: MatchScratch) throws(TokenizationFailure) {
    for step in steps {
      switch step {
      case .split(let pattern, let behavior, let invert):
        try split(&words, pattern, behavior, invert: invert, scratch)
      case .cut(let characters, let behavior): cut(&words, characters, behavior)
      case .words: keepWords(&words)
      case .scripts(let scripts):
        var ranges: [Range<Int>] = []
        try words.text.bytes.withUnsafeBufferPointer { (bytes) throws(TokenizationFailure) in
          for range in words.ranges { ranges += try scripts.words(of: bytes, in: range, scratch) }
        }
        words.ranges = ranges
      case .fixedLength(let length): words.divide { chunks(of: $0, in: $1, length) }
      case .prefixSpace:
        words.rewrite { word, _, out in
          if word.first != 0x20 { out.append(0x20) }
          out.append(contentsOf: word)
        }
      case .metaspace(let mark, let prefix):
        words.rewrite { word, isStart, out in
          let wanted = prefix == .always || (prefix == .first && isStart)
          if wanted, word.first != 0x20, !word.starts(with: mark) { out += mark }
          for byte in word { if byte == 0x20 { out += mark } else { out.append(byte) } }
        }
      case .byteLevel:
        words.rewrite { word, _, out in for byte in word { out += ByteLevelAlphabet.spelling[Int(byte)] } }
      }
    }
  }

  private func split(
    _ words: inout Words, _ pattern: TokenPattern, _ behavior: SplitBehavior, invert: Bool,
    _ scratch: MatchScratch
  ) throws(TokenizationFailure) {
    var pieces: [Range<Int>] = []
    pieces.reserveCapacity(words.ranges.count)
    var parts: [SplitBehavior.Part] = []
    try words.text.bytes.withUnsafeBufferPointer { (bytes) throws(TokenizationFailure) in
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

  private func cut(_ words: inout Words, _ characters: CharacterClass, _ behavior: SplitBehavior) {
    var parts: [SplitBehavior.Part] = []
    words.divide { bytes, range in
      parts.removeAll(keepingCapacity: true)
      var start = range.lowerBound
      bytes.forEachScalar(in: range) { scalar, place in
        guard characters.contains(scalar) else { return }
        if start < place.lowerBound { parts.append((start..<place.lowerBound, false)) }
        parts.append((place, true))
        start = place.upperBound
      }
      if parts.isEmpty { return [range] }
      if start < range.upperBound { parts.append((start..<range.upperBound, false)) }
      return behavior.pieces(of: parts)
    }
  }

  private func keepWords(_ words: inout Words) {
    words.divide { bytes, range in
      var pieces: [Range<Int>] = []
      var wasWord = false
      var end = -1
      bytes.forEachScalar(in: range) { scalar, place in
        if CharacterClass.whitespace.contains(scalar) { return }
        let isWord = CharacterClass.isWord(scalar)
        if end == place.lowerBound, isWord == wasWord, let last = pieces.popLast() {
          pieces.append(last.lowerBound..<place.upperBound)
        } else {
          pieces.append(place)
        }
        (wasWord, end) = (isWord, place.upperBound)
      }
      return pieces
    }
  }

  private func chunks(of bytes: ByteView, in range: Range<Int>, _ length: Int) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var (start, count) = (range.lowerBound, 0)
    bytes.forEachScalar(in: range) { _, place in
      count += 1
      if count == length || place.upperBound == range.upperBound {
        pieces.append(start..<place.upperBound)
        (start, count) = (place.upperBound, 0)
      }
    }
    return pieces
  }
}

extension PreTokenizer.Words {
  /// Cuts each word into the pieces that `pieces` says; empty ones are left out.
  @inline(__always)
  fileprivate mutating func divide(_ pieces: (ByteView, Range<Int>) -> [Range<Int>]) {
    var divided: [Range<Int>] = []
    divided.reserveCapacity(ranges.count)
    text.bytes.withUnsafeBufferPointer { bytes in
      for range in ranges { for piece in pieces(bytes, range) where !piece.isEmpty { divided.append(piece) } }
    }
    ranges = divided
  }

  /// Replaces each word by what `body` appends for it; `isStart` says that it begins with the first character of the
  /// whole text.
  @inline(__always)
  fileprivate mutating func rewrite(_ body: (_ word: ByteView, _ isStart: Bool, _ out: inout [UInt8]) -> Void)
  {
    var out = NormalText(bytes: [], origin: 0)
    // The words may be few of a long text.
    out.bytes.reserveCapacity(ranges.reduce(0) { $0 + $1.count } * 2)
    var rewritten: [Range<Int>] = []
    rewritten.reserveCapacity(ranges.count)
    text.bytes.withUnsafeBufferPointer { bytes in
      for range in ranges {
        let start = out.bytes.count
        body(ByteView(rebasing: bytes[range]), range.lowerBound < text.origin, &out.bytes)
        rewritten.append(start..<out.bytes.count)
        if range.lowerBound < text.origin {
          // What comes before the word, and its first characters, as far as they are the text's first one.
          let rest = max(0, range.upperBound - text.origin)
          out.origin = rest == 0 ? out.bytes.count : max(start + 1, out.bytes.count - rest)
        }
      }
    }
    text = out
    ranges = rewritten
  }
}

/// Where SentencePiece-style tokenizers put a mark before the text.
enum MetaspacePrefix: String, Sendable {
  case always, first, never
}
