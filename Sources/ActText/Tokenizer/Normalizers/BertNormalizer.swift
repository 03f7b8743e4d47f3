import ActFormats

/// What BERT's tokenizer does to a text before it cuts it into words (`tokenization.py` of BERT).
struct BertNormalizer: Sendable {
  private var cleansText: Bool
  private var separatesHan: Bool
  private var stripsAccents: Bool
  private var lowercases: Bool

  /// Reads a `BertNormalizer`. Where `strip_accents` is null, accents go where capitals do.
  init(_ json: LocatedJSON) throws(FileError) {
    try json.expectOnly(["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
    cleansText = try json.bool("clean_text")
    separatesHan = try json.bool("handle_chinese_chars")
    lowercases = try json.bool("lowercase")
    stripsAccents = try json.bool("strip_accents", absent: lowercases)
  }

  func apply(to text: inout NormalText) {
    if cleansText { clean(&text) }
    if separatesHan, !text.bytes.isASCII {
      text.mapScalars { scalar, out in
        let isHan = BertNormalizer.isHan(scalar)
        if isHan { out.append(0x20) }
        out.append(scalar)
        if isHan { out.append(0x20) }
      }
    }
    if stripsAccents, !text.bytes.isASCII {
      UnicodeForm.canonicalDecomposition.apply(to: &text)
      text.mapScalars { scalar, out in if !CharacterClass.isNonspacingMark(scalar) { out.append(scalar) } }
    }
    if lowercases { text.lowercase() }
  }

  /// Removes control characters, and writes white space as spaces.
  private func clean(_ text: inout NormalText) {
    text.mapScalars { scalar, out in
      switch scalar {
      case " "..."~": out.append(UInt8(truncatingIfNeeded: scalar.value))
      case "\t", "\n", "\r": out.append(0x20)
      case "\0", "\u{FFFD}": break
      default:
        if CharacterClass.isControl(scalar) { return }
        if CharacterClass.whitespace.contains(scalar) { out.append(0x20) } else { out.append(scalar) }
      }
    }
  }

  /// Whether `scalar` is in a block of Han ideographs that the reference puts spaces around. It leaves a part of
  /// extension E out.
  private static func isHan(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
      0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
