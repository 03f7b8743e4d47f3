import ActFormats

/// A text on its way to the words.
struct NormalText {
  var bytes: [UInt8]
  /// How many of the bytes, at the start, come from the first character of the whole text. Marks that are put before a
  /// text go before these alone.
  var origin: Int

  var isEmpty: Bool { bytes.isEmpty }

  /// The text with each character replaced by what `body` appends for it.
  @inline(__always)
  mutating func mapScalars(_ body: (_ scalar: Unicode.Scalar, _ out: inout [UInt8]) -> Void) {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var origin = 0
    bytes.withUnsafeBufferPointer { bytes in
      bytes.forEachScalar { scalar, range in
        body(scalar, &out)
        if range.lowerBound < self.origin { origin = out.count }
      }
    }
    self = NormalText(bytes: out, origin: origin)
  }
}

/// Rewrites a text before it is cut into words.
struct Normalizer: Sendable {
  enum Step: Sendable {
    case form(UnicodeForm)
    case lowercase
    case stripAccents
    case bert(BertNormalizer)
    case replace(TokenPattern, by: [UInt8])
    case prepend([UInt8])
    case strip(left: Bool, right: Bool)
    case nmt
    case precompiled(Charsmap)
    case byteLevel
  }

  var steps: [Step] = []

  /// The normal form of `text`. Fails where it would be far longer: replacements of replacements double a
  /// text.
  func normalize(_ text: NormalText, _ scratch: MatchScratch) throws(TokenizationFailure) -> NormalText {
    let maximumLength = 4096 + 64 * text.bytes.count
    var text = text
    for step in steps {
      switch step {
      case .form(let form): form.apply(to: &text)
      case .lowercase: text.lowercase()
      case .stripAccents: text.stripAccents()
      case .bert(let normalizer): normalizer.apply(to: &text)
      case .replace(let pattern, let replacement):
        try text.replace(pattern, replacement, maximumLength, scratch)
      case .prepend(let prefix):
        if text.isEmpty { continue }
        text.bytes = prefix + text.bytes
        if text.origin > 0 { text.origin += prefix.count }
      case .strip(let left, let right): text.strip(left: left, right: right)
      case .nmt: text.replaceControls()
      case .precompiled(let map): try map.apply(to: &text)
      case .byteLevel: text.spellBytes()
      }
      guard text.bytes.count <= maximumLength else {
        throw TokenizationFailure(problem: "normalization makes the text 64 times as long")
      }
    }
    return text
  }
}

extension NormalText {
  fileprivate mutating func replace(
    _ pattern: TokenPattern, _ replacement: [UInt8], _ maximumLength: Int, _ scratch: MatchScratch
  ) throws(TokenizationFailure) {
    var out: [UInt8] = []
    var end = 0
    var newOrigin = 0
    try bytes.withUnsafeBufferPointer { (bytes) throws(TokenizationFailure) in
      try pattern.forEachMatch(in: bytes, scratch) { match in
        if out.count > maximumLength { return }
        out += bytes[end..<match.lowerBound]
        if end <= origin, origin <= match.lowerBound { newOrigin = out.count - (match.lowerBound - origin) }
        out += replacement
        if match.lowerBound < origin { newOrigin = out.count }
        end = match.upperBound
      }
    }
    if end <= origin { newOrigin = out.count + origin - end }
    self = NormalText(bytes: out + bytes[end...], origin: newOrigin)
  }

  /// Spells every byte as its character of the byte-level alphabet.
  mutating func spellBytes() {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 2)
    var newOrigin = 0
    for (index, byte) in bytes.enumerated() {
      out += ByteLevelAlphabet.spelling[Int(byte)]
      if index < origin { newOrigin = out.count }
    }
    self = NormalText(bytes: out, origin: newOrigin)
  }
}
