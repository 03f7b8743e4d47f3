/// A set of characters at which a text is cut.
///
/// The reference takes some sets from tables of old versions of Unicode. Characters that came later, or that have
/// since changed their category, count here as they do there.
enum CharacterClass: Sendable {
  /// White_Space.
  case whitespace
  /// Punctuation of Unicode 8, and all of ASCII's symbols.
  case punctuation
  /// General categories Nd, Nl and No.
  case numeric
  case scalar(Unicode.Scalar)

  @inline(__always)
  func contains(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .whitespace:
      switch scalar.value {
      case 0x9...0xD, 0x20: true
      case ..<0x85: false
      case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
      default: false
      }
    case .punctuation:
      switch scalar.value {
      case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
      case ..<0x80: false
      default: CharacterClass.isPunctuation(scalar)
      }
    case .numeric:
      switch scalar.value {
      case ..<0x80: (0x30...0x39).contains(scalar.value)
      default: CharacterClass.isNumeric(scalar)
      }
    case .scalar(let delimiter): scalar == delimiter
    }
  }

  private static func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      isAssigned(scalar, by: 8)
    default: scalar == "\u{166D}" || scalar == "\u{111C9}"
    }
  }

  /// Whether `scalar` is a control, format or private character of Unicode 8.
  static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse: isAssigned(scalar, by: 8)
    default: false
    }
  }

  /// Whether `scalar` is a nonspacing mark of Unicode 8.
  static func isNonspacingMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark:
      switch scalar.value {
      case 0x1885, 0x1886, 0xA9BD, 0x111C9: false
      default: isAssigned(scalar, by: 8)
      }
    default: scalar == "\u{1734}" || scalar == "\u{1171E}"
    }
  }

  /// Whether `scalar` is a mark of Unicode 9.
  static func isCombiningMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: scalar != "\u{111C9}" && isAssigned(scalar, by: 9)
    default: scalar == "\u{1CF2}" || scalar == "\u{1CF3}"
    }
  }

  /// Whether `scalar` is a word character: UTS #18, annex C, as Rust's `\w`.
  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return switch scalar {
      case "0"..."9", "A"..."Z", "a"..."z", "_": true
      default: false
      }
    }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return properties.isAlphabetic || properties.isJoinControl
    }
  }

  /// Whether `scalar` was a character of Unicode in this major version.
  static func isAssigned(_ scalar: Unicode.Scalar, by version: Int) -> Bool {
    // Latin, Greek and Cyrillic; kana; Han; Hangul: long since.
    switch scalar.value {
    case 0...0x377, 0x3041...0x3096, 0x30A0...0x30FF, 0x4E00...0x9FA5, 0xAC00...0xD7A3: return true
    default: break
    }
    return scalar.properties.age.map { $0.major < version || ($0.major == version && $0.minor == 0) } ?? false
  }
}
