/// One rule of a decoder at work: takes texts one by one, and gives out what is certain.
struct DecodingStage: Sendable {
  /// How the texts that come in are to be read.
  private enum Mode {
    /// Each is one.
    case separate
    /// They are parts of one, which the rule takes part by part.
    case parts
    /// They are parts of one, which the rule must see as a whole.
    case whole
  }

  private let rule: TokenDecoder.Rule
  private let mode: Mode
  /// A run of bytes whose text is not known before the run ends; or all of a text that must be seen as a whole.
  private var bytes: [UInt8] = []
  /// The text before this one, where it must be known, or is not given out yet.
  private var previous: [UInt8]?
  private var isFirst = true
  private var stripsLeft = 0

  private init(_ rule: TokenDecoder.Rule, _ mode: Mode) {
    self.rule = rule
    self.mode = mode
    if case .strip(_, let start, _) = rule { stripsLeft = start }
  }

  /// The stages of a decoder, the first one first.
  static func stages(of decoder: TokenDecoder) -> [DecodingStage] {
    var (isFused, hasWholeCharacters) = (false, true)
    return decoder.rules.map { rule in
      defer {
        isFused = isFused || rule.fuses
        if case .byteLevel = rule { hasWholeCharacters = false }
      }
      guard isFused else { return DecodingStage(rule, .separate) }
      switch rule {
      case .strip where hasWholeCharacters, .fuse: return DecodingStage(rule, .parts)
      default:
        hasWholeCharacters = true
        return DecodingStage(rule, .whole)
      }
    }
  }

  mutating func add(_ text: [UInt8], into out: inout [[UInt8]]) {
    switch mode {
    case .whole: bytes += text
    case .parts: addPart(text, into: &out)
    case .separate: addSeparate(text, isLast: false, into: &out)
    }
  }

  /// Gives out the rest.
  mutating func finish(into out: inout [[UInt8]]) {
    switch mode {
    case .whole:
      if bytes.isEmpty { return }
      var stage = DecodingStage(rule, .separate)
      // A text that was made from bytes has U+FFFD for those that are not UTF-8.
      stage.add(Array(String(decoding: bytes, as: UTF8.self).utf8), into: &out)
      stage.finish(into: &out)
    case .parts: break
    case .separate:
      endRun(into: &out)
      if case .bytePair = rule, let last = previous { rewrite(last, isLast: true, into: &out) }
    }
  }

  private mutating func addSeparate(_ text: [UInt8], isLast: Bool, into out: inout [[UInt8]]) {
    switch rule {
    case .fuse: out.append(text)
    case .byteLevel:
      var decoded: [UInt8] = []
      ByteLevelAlphabet.decode(text[...], into: &decoded)
      out.append(decoded)
    case .byteFallback:
      if let byte = DecodingStage.byte(text) {
        bytes.append(byte)
      } else {
        endRun(into: &out)
        out.append(text)
      }
    case .bytePair:
      if let last = previous { rewrite(last, isLast: false, into: &out) }
      previous = text
    case .temporal:
      if previous != text { rewrite(text, isLast: false, into: &out) }
      previous = text
    case .replace, .metaspace, .wordPiece, .strip: rewrite(text, isLast: false, into: &out)
    }
  }

  private mutating func rewrite(_ text: [UInt8], isLast: Bool, into out: inout [[UInt8]]) {
    if let text = rule.rewritten(text, isFirst: isFirst, isLast: isLast) { out.append(text) }
    isFirst = false
  }

  /// Strips the start of a text that comes in parts, and holds back what may be its end.
  private mutating func addPart(_ part: [UInt8], into out: inout [[UInt8]]) {
    guard case .strip(let character, _, let stop) = rule else {
      out.append(part)
      return
    }
    var text = bytes + part
    while stripsLeft > 0, !text.isEmpty {
      if text.starts(with: character) {
        text.removeFirst(character.count)
        stripsLeft -= 1
      } else {
        stripsLeft = 0
      }
    }
    var (end, held) = (text.count, 0)
    while held < stop, end >= character.count, text[(end - character.count)..<end].elementsEqual(character) {
      end -= character.count
      held += 1
    }
    bytes = Array(text[end...])
    if end > 0 { out.append(Array(text[..<end])) }
  }

  private mutating func endRun(into out: inout [[UInt8]]) {
    guard !bytes.isEmpty else { return }
    if String(validating: bytes, as: UTF8.self) != nil {
      out.append(bytes)
    } else {
      out += Array(repeating: Array("\u{FFFD}".utf8), count: bytes.count)
    }
    bytes.removeAll(keepingCapacity: true)
  }

  /// The byte that a token `<0xHH>` stands for.
  private static func byte(_ text: [UInt8]) -> UInt8? {
    guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16)
  }
}
