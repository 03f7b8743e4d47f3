import ActFormats

/// How tokens become text again.
struct TokenDecoder: Sendable {
  /// The shape of a `decoder`, as far as one token's text depends on more than itself.
  struct Rules: Sendable {
    var isByteLevel = false
    /// Tokens `<0xHH>` stand for bytes; a run of them that is not UTF-8 decodes as one U+FFFD for each.
    var hasByteFallback = false
    /// Stands between tokens: a space where the file has no decoder.
    var separator: [UInt8] = []
    /// The first token loses these marks altogether.
    var firstTokenLoses: [UInt8]?
    /// What the text loses at its start, at most `stripCount` times.
    var strip: [UInt8] = []
    var stripCount = 0
    var replacements: [(pattern: TokenPattern, by: [UInt8])] = []
    var isFused = false
  }

  let rules: Rules
  private let vocabulary: Vocabulary
  /// The texts of all tokens, one after the other; none where tokens spell their bytes, which is read when it is needed.
  private var texts: [UInt8] = []
  private var ends: [Int] = []
  private var fallbackBytes: [Int16] = []

  init(_ rules: Rules, _ vocabulary: Vocabulary) throws(TokenPattern.Failure) {
    self.rules = rules
    self.vocabulary = vocabulary
    if rules.isByteLevel { return }
    let scratch = MatchScratch()
    let normalizer = Normalizer(steps: rules.replacements.map { .replace($0.pattern, by: $0.by) })
    ends.reserveCapacity(vocabulary.idCount)
    for id in 0..<vocabulary.idCount {
      let start = texts.count
      if let token = vocabulary.text(of: id) { texts += try normalizer.normalize(Array(token), scratch) }
      ends.append(texts.count)
      if rules.hasByteFallback { fallbackBytes.append(TokenDecoder.byte(Array(texts[start...]))) }
    }
  }

  /// The text of token `id`, an id of the vocabulary.
  func text(of id: Int) -> ArraySlice<UInt8> {
    guard rules.isByteLevel else { return texts[(id == 0 ? 0 : ends[id - 1])..<ends[id]] }
    var text: [UInt8] = []
    ByteLevelAlphabet.decode(vocabulary.text(of: id) ?? [], into: &text)
    return text[...]
  }

  /// The byte for which token `id` stands, or nil.
  func fallbackByte(_ id: Int) -> UInt8? {
    guard rules.hasByteFallback else { return nil }
    return UInt8(exactly: fallbackBytes[id])
  }

  private static func byte(_ text: [UInt8]) -> Int16 {
    guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">") else { return -1 }
    return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16).map { Int16($0) } ?? -1
  }
}

extension TokenDecoder.Rules {
  /// Reads the `decoder` of a `tokenizer.json`; nil stands for none.
  init(_ json: LocatedJSON?) throws(FileError) {
    if let json { try append(json) } else { separator = [0x20] }
  }

  private mutating func append(_ json: LocatedJSON) throws(FileError) {
    let type = try json.string("type")
    if isByteLevel { throw json.unsupported("a `\(type)` after ByteLevel") }
    if isFused, type != "Strip" { throw json.unsupported("a `\(type)` after Fuse") }
    guard replacements.count < 64 else { throw json.unsupported("more than 64 replacements") }
    switch type {
    case "Sequence":
      for element in try json.required("decoders").elements() { try append(element) }
    case "ByteLevel":
      guard replacements.isEmpty, !hasByteFallback else { throw json.unsupported("ByteLevel after others") }
      isByteLevel = true
    case "ByteFallback": hasByteFallback = true
    case "Fuse": isFused = true
    case "Replace":
      if hasByteFallback { throw json.unsupported("a Replace after ByteFallback") }
      let pattern = try json.required("pattern").stringOrRegex()
      replacements.append((pattern, Array(try json.string("content").utf8)))
    case "Metaspace":
      guard replacements.isEmpty, !hasByteFallback else { throw json.unsupported("Metaspace after others") }
      let mark = try json.string("replacement")
      if try json.metaspacePrefix() != .never { firstTokenLoses = Array(mark.utf8) }
      replacements.append((try json.pattern(mark, literal: true), [0x20]))
    case "Strip":
      guard isFused else { throw json.unsupported("a Strip without a Fuse before it") }
      if let stop = json["stop"], try stop.int() != 0 { throw stop.unsupported("stripping the end") }
      let count = try json.required("start").int()
      guard count >= 0 else { throw json.failure("a negative start") }
      strip = Array(try json.string("content").utf8)
      stripCount = strip.isEmpty ? 0 : count
    default: throw json.unsupported("the decoder `\(type)`")
    }
  }
}
