import ActErrors

/// A malformed JSON text: the byte offset and what was wrong there.
package struct JSONError: ToolError, Hashable {
  package var offset: Int
  package var problem: String

  package var exitStatus: ExitStatus { .badFile }
  package var description: String { "byte \(offset): \(problem)" }
}

extension JSON {
  /// Parses one JSON text, UTF-8.
  package init(parsing text: String) throws(JSONError) {
    self = try JSON(parsing: Array(text.utf8))
  }

  /// Parses one JSON text, UTF-8. `maximumDepth` bounds the nesting of arrays and objects; with `takesNonFinite` a number
  /// may be `Infinity`, `-Infinity` or `NaN`, which Python writes and JSON does not have.
  package init(parsing bytes: [UInt8], maximumDepth: Int = 64, takesNonFinite: Bool = false) throws(JSONError)
  {
    var parser = JSONParser(
      bytes: bytes, remainingDepth: maximumDepth, takesNonFinite: takesNonFinite)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var at = 0
  var remainingDepth: Int
  let takesNonFinite: Bool

  init(bytes: [UInt8], remainingDepth: Int, takesNonFinite: Bool) {
    self.bytes = bytes
    self.remainingDepth = remainingDepth
    self.takesNonFinite = takesNonFinite
  }

  func failure(_ problem: String) -> JSONError { JSONError(offset: at, problem: problem) }

  var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  mutating func document() throws(JSONError) -> JSON {
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw failure("text after the end of the value") }
    return value
  }

  mutating func value() throws(JSONError) -> JSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw failure("unexpected end of text")
    default:
      for name in takesNonFinite ? ["Infinity", "-Infinity", "NaN"] : []
      where bytes[at...].starts(with: name.utf8) {
        at += name.utf8.count
        return .number(name)
      }
      return try number()
    }
  }

  mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard bytes[at...].starts(with: expected) else { throw failure("expected `\(text)`") }
    at += expected.count
    return value
  }

  mutating func enter() throws(JSONError) {
    guard remainingDepth > 0 else { throw failure("nested too deeply") }
    remainingDepth -= 1
    at += 1
    skipSpace()
  }

  /// After an element: true where another follows, false where `close` ended the list.
  mutating func another(_ close: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    guard let byte = next, byte == UInt8(ascii: ",") || byte == close else {
      throw failure("expected `,` or `\(Character(UnicodeScalar(close)))`")
    }
    at += 1
    if byte == close { remainingDepth += 1 }
    return byte != close
  }

  mutating func array() throws(JSONError) -> JSON {
    try enter()
    if next == UInt8(ascii: "]") {
      at += 1
      remainingDepth += 1
      return .array([])
    }
    var elements: [JSON] = []
    repeat { elements.append(try value()) } while try another(UInt8(ascii: "]"))
    return .array(elements)
  }

  mutating func object() throws(JSONError) -> JSON {
    try enter()
    if next == UInt8(ascii: "}") {
      at += 1
      remainingDepth += 1
      return .object([] as [Member])
    }
    var members: [Member] = []
    // Bytes, because equality of strings takes different spellings of a character for one.
    var keys = ByteStringTable(capacity: 8)
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("expected a key") }
      let key = try string()
      guard key.withBytes({ keys.insert($0).isNew }) else { throw failure("duplicate key `\(key)`") }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw failure("expected `:`") }
      at += 1
      members.append(Member(key, try value()))
    } while try another(UInt8(ascii: "}"))
    return .object(members)
  }

  typealias Member = JSON.Member

  mutating func digits() throws(JSONError) {
    let start = at
    while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
    if at == start { throw failure("expected a value") }
  }

  mutating func number() throws(JSONError) -> JSON {
    let start = at
    if next == UInt8(ascii: "-") { at += 1 }
    let leadingZero = next == UInt8(ascii: "0")
    let integerStart = at
    try digits()
    if leadingZero, at - integerStart > 1 { throw failure("a number with a leading zero") }
    if next == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if let byte = next, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      at += 1
      if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
    return .number(String(decoding: bytes[start..<at], as: UTF8.self))
  }

  mutating func string() throws(JSONError) -> String {
    at += 1
    var out: [UInt8] = []
    while true {
      let start = at
      while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { at += 1 }
      let plain = bytes[start..<at]
      guard let byte = next else { throw failure("unterminated string") }
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        let text =
          out.isEmpty
          ? String(validating: plain, as: UTF8.self) : String(validating: out + plain, as: UTF8.self)
        guard let text else { throw failure("not UTF-8") }
        return text
      case UInt8(ascii: "\\"):
        out += plain
        try escape(into: &out)
      default: throw failure("an unescaped control character")
      }
    }
  }

  mutating func escape(into out: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw failure("unterminated string") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexQuad()
      if (0xD800..<0xDC00).contains(code) {
        guard next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else {
          throw failure("a lone surrogate")
        }
        at += 2
        let low = try hexQuad()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("a lone surrogate") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = UnicodeScalar(code) else { throw failure("a lone surrogate") }
      out.append(contentsOf: UTF8.encode(scalar)!)
    default: throw failure("an unknown escape")
    }
  }

  mutating func hexQuad() throws(JSONError) -> UInt32 {
    guard at + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
      bytes[at] != UInt8(ascii: "+"), bytes[at] != UInt8(ascii: "-")
    else { throw failure("expected four hexadecimal digits") }
    at += 4
    return code
  }
}

extension JSON: CustomStringConvertible {
  /// The value as compact JSON text on one line.
  package var description: String {
    var out = ""
    write(into: &out, indent: nil, level: 0)
    return out
  }

  /// The value as JSON text, two spaces a level.
  package var pretty: String {
    var out = ""
    write(into: &out, indent: 2, level: 0)
    return out + "\n"
  }

  private func write(into out: inout String, indent: Int?, level: Int) {
    func newline(_ level: Int) {
      if let indent { out += "\n" + String(repeating: " ", count: indent * level) }
    }
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let text): out += text
    case .string(let text): JSON.quote(text, into: &out)
    case .array(let elements):
      out += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { out += "," }
        newline(level + 1)
        element.write(into: &out, indent: indent, level: level + 1)
      }
      if !elements.isEmpty { newline(level) }
      out += "]"
    case .object(let members):
      out += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { out += "," }
        newline(level + 1)
        JSON.quote(member.key, into: &out)
        out += indent == nil ? ":" : ": "
        member.value.write(into: &out, indent: indent, level: level + 1)
      }
      if !members.isEmpty { newline(level) }
      out += "}"
    }
  }

  /// Controls are escaped, so that JSON can be shown on any terminal.
  private static func quote(_ text: String, into out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.isControl:
        for unit in UTF16.encode(scalar)! {
          let hex = String(unit, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
