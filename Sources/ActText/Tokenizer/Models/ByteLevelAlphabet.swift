/// The alphabet in which byte-level vocabularies spell bytes: each byte is one printable character.
///
/// The printable bytes of Latin-1 stand for themselves; the other 68 are, in ascending order, U+0100 … U+0143
/// (GPT-2, Radford et al. 2019, `encoder.py`).
enum ByteLevelAlphabet {
  /// The character of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "\u{FFFD}"
      }
    }
  }()

  /// The UTF-8 of each byte's character.
  static let spelling: [[UInt8]] = scalars.map { Array(String(Character($0)).utf8) }

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()

  /// Appends the bytes that `token` spells, or its own UTF-8 where it has a character outside of the
  /// alphabet.
  static func decode(_ token: ArraySlice<UInt8>, into out: inout [UInt8]) {
    let start = out.count
    let bytes = bytes
    var lead: UInt8 = 0
    for unit in token {
      if lead == 0, (0xC0..<0xE0).contains(unit) {
        lead = unit
        continue
      }
      let code = lead == 0 ? Int(unit) : Int(lead & 0x1F) << 6 | Int(unit & 0x3F)
      guard lead != 0 || unit < 0x80, code < bytes.count, let byte = bytes[code] else {
        out.replaceSubrange(start..., with: token)
        return
      }
      lead = 0
      out.append(byte)
    }
  }
}
