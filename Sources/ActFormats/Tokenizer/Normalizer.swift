@_spi(_Unicode) import Swift

/// Rewrites a text before it is cut into words.
struct Normalizer: Sendable {
  enum Step: Sendable {
    case canonicalComposition
    case canonicalDecomposition
    case lowercase
    case replace(TokenPattern, by: [UInt8])
    case prepend([UInt8])
  }

  var steps: [Step] = []

  func normalize(_ text: [UInt8], _ scratch: MatchScratch) throws(TokenPattern.Failure) -> [UInt8] {
    var text = text
    for step in steps {
      switch step {
      case .canonicalComposition where !text.allSatisfy({ $0 < 0x80 }):
        text = utf8(String(decoding: text, as: UTF8.self)._nfc)
      case .canonicalDecomposition where !text.allSatisfy({ $0 < 0x80 }):
        text = utf8(String(decoding: text, as: UTF8.self)._nfd)
      case .canonicalComposition, .canonicalDecomposition: break
      case .lowercase:
        // Scalar by scalar, as the reference does: no final sigma.
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        text = scalars.flatMap { Array($0.properties.lowercaseMapping.utf8) }
      case .replace(let pattern, let replacement): text = try replace(pattern, replacement, text, scratch)
      case .prepend(let prefix): if !text.isEmpty { text = prefix + text }
      }
    }
    return text
  }

  private func utf8(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
    var out: [UInt8] = []
    for scalar in scalars { out.append(contentsOf: UTF8.encode(scalar)!) }
    return out
  }

  private func replace(
    _ pattern: TokenPattern, _ replacement: [UInt8], _ text: [UInt8], _ scratch: MatchScratch
  ) throws(TokenPattern.Failure) -> [UInt8] {
    var out: [UInt8] = []
    var end = 0
    try text.withUnsafeBufferPointer { (bytes) throws(TokenPattern.Failure) in
      try pattern.forEachMatch(in: bytes, scratch) { match in
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
