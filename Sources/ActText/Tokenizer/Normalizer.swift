import ActFormats
@_spi(_Unicode) import Swift

/// Rewrites a text before it is cut into words.
struct Normalizer: Sendable {
  enum Step: Sendable {
    /// NFC and NFD, by the Unicode version of Swift's standard library.
    case canonicalComposition
    case canonicalDecomposition
    case lowercase
    case replace(TokenPattern, by: [UInt8])
    case prepend([UInt8])
  }

  var steps: [Step] = []

  /// The normal form of `text`. Fails where it would be far longer: replacements of replacements double a
  /// text.
  func normalize(_ text: [UInt8], _ scratch: MatchScratch) throws(TokenPattern.Failure) -> [UInt8] {
    let maximumLength = 4096 + 64 * text.count
    var text = text
    for step in steps {
      switch step {
      case .canonicalComposition where !text.allSatisfy({ $0 < 0x80 }):
        text = utf8(startersOnly(text)._nfc)
      case .canonicalDecomposition where !text.allSatisfy({ $0 < 0x80 }):
        text = utf8(startersOnly(text)._nfd)
      case .canonicalComposition, .canonicalDecomposition: break
      case .lowercase:
        // Scalar by scalar, as the reference does: no final sigma.
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        text = scalars.flatMap { Array($0.properties.lowercaseMapping.utf8) }
      case .replace(let pattern, let replacement):
        text = try replace(pattern, replacement, text, maximumLength, scratch)
      case .prepend(let prefix): if !text.isEmpty { text = prefix + text }
      }
      guard text.count <= maximumLength else {
        throw TokenPattern.Failure(problem: "normalization makes the text 64 times as long")
      }
    }
    return text
  }

  /// The text with its three starters decomposed that decompose to marks alone: the standard library does not
  /// sort those marks into the ones around them.
  private func startersOnly(_ text: [UInt8]) -> String {
    var out = String.UnicodeScalarView()
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\u{F73}": out.append(contentsOf: ["\u{F71}", "\u{F72}"])
      case "\u{F75}": out.append(contentsOf: ["\u{F71}", "\u{F74}"])
      case "\u{F81}": out.append(contentsOf: ["\u{F71}", "\u{F80}"])
      default: out.append(scalar)
      }
    }
    return String(out)
  }

  private func utf8(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
    var out: [UInt8] = []
    for scalar in scalars { out.append(contentsOf: UTF8.encode(scalar)!) }
    return out
  }

  private func replace(
    _ pattern: TokenPattern, _ replacement: [UInt8], _ text: [UInt8], _ maximumLength: Int,
    _ scratch: MatchScratch
  ) throws(TokenPattern.Failure) -> [UInt8] {
    var out: [UInt8] = []
    var end = 0
    try text.withUnsafeBufferPointer { (bytes) throws(TokenPattern.Failure) in
      try pattern.forEachMatch(in: bytes, scratch) { match in
        if out.count > maximumLength { return }
        out += bytes[end..<match.lowerBound]
        out += replacement
        end = match.upperBound
      }
    }
    return out + text[end...]
  }
}

extension Normalizer {
  /// Reads the `normalizer` of a `tokenizer.json`; nil stands for none.
  init(_ json: LocatedJSON?) throws(FileError) {
    if let json { try append(json) }
  }

  private mutating func append(_ json: LocatedJSON) throws(FileError) {
    let type = try json.string("type")
    guard steps.count < 64 else { throw json.unsupported("more than 64 normalizers") }
    switch type {
    case "Sequence":
      try json.expectOnly(["type", "normalizers"])
      for element in try json.required("normalizers").elements() { try append(element) }
    case "NFC": steps.append(.canonicalComposition)
    case "NFD": steps.append(.canonicalDecomposition)
    case "Lowercase": steps.append(.lowercase)
    case "Replace":
      try json.expectOnly(["type", "pattern", "content"])
      let pattern = try json.required("pattern").stringOrRegex()
      steps.append(.replace(pattern, by: Array(try json.string("content").utf8)))
    case "Prepend":
      try json.expectOnly(["type", "prepend"])
      steps.append(.prepend(Array(try json.string("prepend").utf8)))
    default: throw json.unsupported("the normalizer `\(type)`")
    }
  }
}
