import ActFormats

/// Damages inputs, the same way for the same seed.
struct Mutator {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(state: seed) }

  mutating func next(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  /// Changes one to eight bytes, most of them in the first `headerLength`, and sometimes cuts or doubles a part.
  mutating func bytes(_ original: [UInt8], headerLength: Int) -> [UInt8] {
    var bytes = original
    for _ in 0..<next(1..<9) where !bytes.isEmpty {
      let end = next(0..<8) > 0 ? min(headerLength, bytes.count) : bytes.count
      let at = next(0..<max(1, end))
      switch next(0..<6) {
      case 0: bytes[at] = UInt8(next(0..<256))
      case 1: bytes[at] ^= 1 << UInt8(next(0..<8))
      case 2: bytes[at] = bytes[next(0..<bytes.count)]
      case 3: bytes[at] = UInt8(ascii: "0") + UInt8(next(0..<10))
      case 4:
        // A NaN or an infinity in half, bfloat and float alike, wherever an element begins.
        for offset in 0..<4 where at + offset < bytes.count {
          bytes[at + offset] = [0x7F, 0xFF, 0x80, 0x7C][(at + offset) % 4]
        }
      default: bytes.swapAt(at, next(0..<bytes.count))
      }
    }
    if next(0..<16) == 0 { bytes.removeLast(next(0..<bytes.count)) }
    if next(0..<16) == 0 {
      let from = next(0..<bytes.count)
      bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + next(1..<64))], at: from)
    }
    return bytes
  }

  private static let words = [
    "", "nan", "inf", "-inf", "1e999", "-1", "0", "1", "2", "0.5", "1e308", "1e-308", "1e39", "-0",
    "9223372036854775807", "-9223372036854775808", "18446744073709551616", "4294967296", "16777216", "65536",
    "null", "true", "{}", "[]", "\"\"", "\u{1B}[31m", "\u{0}", "\u{202E}", "é", "\u{65}\u{301}", "%x", "@g",
    "re:", "(a+)+$", "(a*)*b", "*", "?", "[", "]", "{", "}", "(", ")", ",", ":", "=", "\\", "\"", "\n", "\t",
    "{{", "{%", "%}", "}}", "f32[T,8]", "bool[]", "prompt", "//",
  ]

  /// Cuts a text into words, numbers and marks, and drops, doubles, swaps or replaces a few.
  mutating func text(_ original: String) -> [UInt8] {
    var pieces: [String] = []
    for scalar in original.unicodeScalars {
      let isWord =
        scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "."
      if isWord, let last = pieces.last?.unicodeScalars.last,
        last.properties.isAlphabetic || ("0"..."9").contains(last) || last == "_" || last == "."
      {
        pieces[pieces.count - 1].unicodeScalars.append(scalar)
      } else {
        pieces.append(String(scalar))
      }
    }
    for _ in 0..<next(1..<4) where !pieces.isEmpty {
      let at = next(0..<pieces.count)
      switch next(0..<6) {
      case 0: pieces.remove(at: at)
      case 1: pieces.insert(pieces[at], at: next(0..<pieces.count))
      case 2: pieces.swapAt(at, next(0..<pieces.count))
      case 3: pieces[at] = pieces[next(0..<pieces.count)]
      case 4: pieces[at] = word()
      default: pieces.insert(next(0..<40) == 0 ? String(repeating: word(), count: 5000) : word(), at: at)
      }
    }
    let bytes = Array(pieces.joined().utf8)
    return next(0..<8) == 0 && !bytes.isEmpty ? self.bytes(bytes, headerLength: bytes.count) : bytes
  }

  private mutating func word() -> String { Self.words[next(0..<Self.words.count)] }

  /// Replaces, drops, doubles or renames one to three members of a JSON text, or damages the text.
  mutating func json(_ original: JSON) -> [UInt8] {
    var json = original
    for _ in 0..<next(1..<4) { json = changed(json, depth: next(0..<6)) }
    let text = json.description
    return next(0..<4) == 0 ? self.text(text) : Array(text.utf8)
  }

  private mutating func changed(_ json: JSON, depth: Int) -> JSON {
    switch json {
    case .object(var members) where depth > 0 && !members.isEmpty:
      let at = next(0..<members.count)
      switch next(0..<10) {
      case 0: members.remove(at: at)
      case 1: members[at].key = members[next(0..<members.count)].key
      case 2: members[at].key = word()
      case 3: members.append(.init(word(), value()))
      default: members[at].value = changed(members[at].value, depth: depth - 1)
      }
      return .object(members)
    case .array(var elements) where depth > 0 && !elements.isEmpty:
      let at = next(0..<elements.count)
      switch next(0..<6) {
      case 0: elements.remove(at: at)
      case 1: elements.append(elements[at])
      case 2: elements.swapAt(at, next(0..<elements.count))
      default: elements[at] = changed(elements[at], depth: depth - 1)
      }
      return .array(elements)
    case .string(let text) where next(0..<2) == 0:
      return .string(String(decoding: self.text(text), as: UTF8.self))
    default: return value()
    }
  }

  private mutating func value() -> JSON {
    switch next(0..<6) {
    case 0: .null
    case 1: .bool(next(0..<2) == 0)
    case 2: .string(word())
    case 3: .array([])
    case 4: .object([] as [JSON.Member])
    default:
      .number(
        [
          "0", "-1", "1", "2", "0.5", "1e308", "-1e308", "1e-308", "1e-30", "1e20", "9223372036854775807",
          "-9223372036854775808", "18446744073709551616", "16777216", "4294967297", "1e999", "3.0",
        ][next(0..<17)])
    }
  }
}
