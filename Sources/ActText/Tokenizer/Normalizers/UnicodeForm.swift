import ActFormats
@_spi(_Unicode) import Swift

/// A normalization form of Unicode 9, as the reference has it, by the tables of Swift's standard library.
enum UnicodeForm: String, Sendable {
  case canonicalComposition = "NFC"
  case canonicalDecomposition = "NFD"
  case compatibilityComposition = "NFKC"
  case compatibilityDecomposition = "NFKD"

  func apply(to text: inout NormalText) {
    if text.bytes.isASCII { return }
    if self == .compatibilityComposition || self == .compatibilityDecomposition {
      text.mapScalars { scalar, out in
        if let mapping = CompatibilityMappings.mapping(of: scalar) {
          out += mapping
        } else {
          out.append(scalar)
        }
      }
    }
    let origin = normalize(text.bytes[..<text.origin]).count
    let bytes = normalize(text.bytes[...])
    // The first character may be composed with what follows it.
    let first = bytes.withUnsafeBufferPointer { $0.isEmpty ? 0 : $0.scalarWidth(at: 0) }
    text = NormalText(bytes: bytes, origin: text.origin == 0 ? 0 : min(bytes.count, max(origin, first)))
  }

  private func normalize(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var known = String.UnicodeScalarView()
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      // To the reference, a later character has neither a decomposition nor a combining class.
      if CharacterClass.isAssigned(scalar, by: 9) {
        appendStarters(scalar, to: &known)
      } else {
        appendForm(of: known, to: &out)
        known.removeAll()
        out.append(scalar)
      }
    }
    appendForm(of: known, to: &out)
    return out
  }

  private func appendForm(of text: String.UnicodeScalarView, to out: inout [UInt8]) {
    switch self {
    case .canonicalComposition, .compatibilityComposition:
      for scalar in String(text)._nfc { out.append(scalar) }
    case .canonicalDecomposition, .compatibilityDecomposition:
      for scalar in String(text)._nfd { out.append(scalar) }
    }
  }

  /// Appends `scalar`; of the three starters that decompose to marks alone, these: the standard library does not sort
  /// them into the marks around them.
  private func appendStarters(_ scalar: Unicode.Scalar, to text: inout String.UnicodeScalarView) {
    switch scalar {
    case "\u{F73}": text.append(contentsOf: ["\u{F71}", "\u{F72}"])
    case "\u{F75}": text.append(contentsOf: ["\u{F71}", "\u{F74}"])
    case "\u{F81}": text.append(contentsOf: ["\u{F71}", "\u{F80}"])
    default: text.append(scalar)
    }
  }
}
