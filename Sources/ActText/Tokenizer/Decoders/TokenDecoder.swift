import ActFormats

/// How tokens become text again: what each rule makes of a list of texts, which begins as the spellings of the tokens.
struct TokenDecoder: Sendable {
  enum Rule: Sendable {
    case replace(TokenPattern, by: [UInt8])
    /// The first token loses its marks, those of the others become spaces.
    case metaspace(mark: [UInt8], firstLosesMarks: Bool)
    /// Tokens without the prefix, but the first, get a space before them; the others lose the prefix.
    case wordPiece(prefix: [UInt8], cleansUp: Bool)
    /// The suffix becomes a space, in the last token nothing.
    case bytePair(suffix: [UInt8])
    /// Tokens are spelled in the byte-level alphabet. The result is one text.
    case byteLevel
    /// Tokens `<0xHH>` stand for bytes; a run of them that is not UTF-8 decodes as one U+FFFD for each.
    case byteFallback
    /// Makes one text of all.
    case fuse
    /// Each text loses a character at its start, and at its end, at most so many times.
    case strip([UInt8], start: Int, stop: Int)
    /// Connectionist temporal classification: a token is left out after its like, and the pad token altogether.
    case temporal(pad: [UInt8], delimiter: [UInt8], cleansUp: Bool)

    /// Whether the rule makes one text of all.
    var fuses: Bool {
      switch self {
      case .byteLevel, .fuse: true
      default: false
      }
    }

    /// What the rule makes of one text that depends on no other.
    func rewritten(_ text: [UInt8], isFirst: Bool, isLast: Bool) -> [UInt8]? {
      switch self {
      case .replace(let pattern, let replacement): pattern.replacing(in: text, by: replacement)
      case .metaspace(let mark, let firstLosesMarks):
        text.replacing(mark, by: isFirst && firstLosesMarks ? [] : [0x20])
      case .wordPiece(let prefix, let cleansUp):
        switch (isFirst, text.starts(with: prefix)) {
        case (true, _): cleansUp ? text.cleanedUp : text
        case (false, true):
          cleansUp ? Array(text.dropFirst(prefix.count)).cleanedUp : Array(text.dropFirst(prefix.count))
        case (false, false): cleansUp ? ([0x20] + text).cleanedUp : [0x20] + text
        }
      case .bytePair(let suffix): suffix.isEmpty ? text : text.replacing(suffix, by: isLast ? [] : [0x20])
      case .strip(let character, let start, let stop): text.stripping(character, start: start, stop: stop)
      case .temporal(let pad, let delimiter, let cleansUp):
        temporal(text.replacing(pad, by: []), delimiter, cleansUp)
      case .byteLevel, .byteFallback, .fuse: text
      }
    }

    private func temporal(_ text: [UInt8], _ delimiter: [UInt8], _ cleansUp: Bool) -> [UInt8]? {
      let text = cleansUp ? text.cleanedUp.replacing(delimiter, by: [0x20]) : text
      return text.isEmpty ? nil : text
    }
  }

  var rules: [Rule] = []
  /// Stands between tokens: a space where the file has no decoder.
  var separator: [UInt8] = []
}

extension TokenDecoder {
  /// Reads the `decoder` of a `tokenizer.json`; nil stands for none.
  init(_ json: LocatedJSON?) throws(FileError) {
    if let json { try append(json) } else { separator = [0x20] }
  }

  private mutating func append(_ json: LocatedJSON) throws(FileError) {
    let type = try json.string("type")
    guard rules.count < 64 else { throw json.unsupported("more than 64 decoders") }
    switch type {
    case "Sequence":
      try json.expectOnly(["type", "decoders"])
      for element in try json.required("decoders").elements() { try append(element) }
    case "ByteLevel":
      try json.expectOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"])
      rules.append(.byteLevel)
    case "ByteFallback":
      try json.expectOnly(["type"])
      rules.append(.byteFallback)
    case "Fuse":
      try json.expectOnly(["type"])
      rules.append(.fuse)
    case "Replace":
      try json.expectOnly(["type", "pattern", "content"])
      let pattern = try json.required("pattern").stringOrRegex()
      rules.append(.replace(pattern, by: Array(try json.string("content").utf8)))
    case "Metaspace":
      try json.expectOnly(["type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"])
      rules.append(
        .metaspace(
          mark: Array(Character(try json.scalar("replacement")).utf8),
          firstLosesMarks: try json.metaspacePrefix() != .never))
    case "WordPiece":
      try json.expectOnly(["type", "prefix", "cleanup"])
      rules.append(
        .wordPiece(prefix: Array(try json.string("prefix").utf8), cleansUp: try json.bool("cleanup")))
    case "BPEDecoder":
      try json.expectOnly(["type", "suffix"])
      rules.append(.bytePair(suffix: Array(try json.string("suffix").utf8)))
    case "Strip":
      try json.expectOnly(["type", "content", "start", "stop"])
      rules.append(
        .strip(
          Array(Character(try json.scalar("content")).utf8), start: try json.count("start"),
          stop: try json.count("stop")))
    case "CTC":
      try json.expectOnly(["type", "pad_token", "word_delimiter_token", "cleanup"])
      rules.append(
        .temporal(
          pad: Array(try json.string("pad_token").utf8),
          delimiter: Array(try json.string("word_delimiter_token").utf8), cleansUp: try json.bool("cleanup")))
    default: throw json.unsupported("the decoder `\(type)`")
    }
  }
}

extension LocatedJSON {
  /// The number named `key`, 0 where there is none.
  fileprivate func count(_ key: String) throws(FileError) -> Int {
    guard let member = self[key] else { return 0 }
    let count = try member.int()
    guard count >= 0 else { throw member.failure("expected 0 or more, found \(count)") }
    return count
  }
}

extension [UInt8] {
  /// The text without the spaces that English does not write: before punctuation and inside of contractions.
  fileprivate var cleanedUp: [UInt8] {
    guard contains(0x20) else { return self }
    var text = self
    for (from, to) in [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
      (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ] { text = text.replacing(Array(from.utf8), by: Array(to.utf8)) }
    return text
  }

  /// The text without `character`, at most `start` times at its start and `stop` times at its end.
  fileprivate func stripping(_ character: [UInt8], start: Int, stop: Int) -> [UInt8] {
    var (first, last) = (0, count)
    var (left, right) = (start, stop)
    while left > 0, self[first..<last].starts(with: character) {
      first += character.count
      left -= 1
    }
    while right > 0, last - first >= character.count,
      self[(last - character.count)..<last].elementsEqual(character)
    {
      last -= character.count
      right -= 1
    }
    return Array(self[first..<last])
  }
}
