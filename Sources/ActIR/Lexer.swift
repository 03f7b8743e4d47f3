import ActErrors

/// A malformed text: the line and what was wrong there.
public struct ParseError: ToolError, Hashable {
  /// The line of the text, from 1.
  public var line: Int
  /// What was expected there, and what was found.
  public var problem: String

  /// An error at a line, counted from 1.
  public init(line: Int, problem: String) {
    self.line = line
    self.problem = problem
  }

  public var exitStatus: ExitStatus { .badFile }
  public var description: String { "line \(line): \(problem)" }
}

/// A piece of the text form.
package enum Token: Hashable, Sendable {
  case value(String)
  case symbol(String)
  case word(String)
  case int(Int)
  case float(Double)
  case string(String)
  case punctuation(Character)
  case end
}

extension Token: CustomStringConvertible {
  package var description: String {
    switch self {
    case .value(let name): "`%\(name)`"
    case .symbol(let name): "`@\(name)`"
    case .word(let text): "`\(text)`"
    case .int(let value): "`\(value)`"
    case .float(let value): "`\(value)`"
    case .string: "a string"
    case .punctuation(let character): "`\(character)`"
    case .end: "the end"
    }
  }
}

/// Splits the text form of graphs and plans into tokens. `//` starts a comment.
package struct Lexer {
  private let bytes: [UInt8]
  private var at = 0
  package private(set) var line = 1
  /// The next token.
  package private(set) var token: Token = .end

  package init(_ text: String) throws(ParseError) {
    bytes = Array(text.utf8)
    try advance()
  }

  package func failure(_ problem: String) -> ParseError { ParseError(line: line, problem: problem) }

  /// What was expected where the next token stands, and that token.
  package func expected(_ what: String) -> ParseError { failure("expected \(what), found \(token)") }

  /// Whether a line break lies between the last token taken and the next.
  package private(set) var startsLine = true

  package mutating func advance() throws(ParseError) {
    startsLine = at == 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\n"):
        line += 1
        startsLine = true
        at += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): at += 1
      case UInt8(ascii: "/") where at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "/"):
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
      default:
        token = try next()
        return
      }
    }
    token = .end
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// `name` as the name of a value: bytes that cannot stand in one become `_`.
  static func valueName(_ name: String) -> String {
    if name.isEmpty { return "_" }
    if name.utf8.allSatisfy(isNameByte) { return name }
    return String(decoding: name.utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
  }

  /// `name` as a word where it lexes as one, else as a string.
  static func wordOrString(_ name: String) -> String {
    let startsWord = name.first.map { $0.isASCII && ($0.isLetter || $0 == "_") } ?? false
    return startsWord && name.utf8.allSatisfy(isNameByte) ? name : Attribute.string(name).description
  }

  private mutating func name() -> String {
    let start = at
    while at < bytes.count, Self.isNameByte(bytes[at]) { at += 1 }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func next() throws(ParseError) -> Token {
    let byte = bytes[at]
    switch byte {
    case UInt8(ascii: "%"), UInt8(ascii: "@"):
      at += 1
      let name = name()
      guard !name.isEmpty else { throw failure("expected a name after `\(Character(UnicodeScalar(byte)))`") }
      return byte == UInt8(ascii: "%") ? .value(name) : .symbol(name)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return try number()
    case _ where Self.isNameByte(byte): return .word(name())
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
      UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "+"):
      at += 1
      return .punctuation(Character(UnicodeScalar(byte)))
    default:
      throw failure(
        "unexpected character `\(String(decoding: bytes[at...].prefix(4), as: UTF8.self).prefix(1))`")
    }
  }

  private mutating func number() throws(ParseError) -> Token {
    let start = at
    // `+` only inside an exponent: `1e+20`.
    while at < bytes.count,
      Self.isNameByte(bytes[at])
        || (bytes[at] == UInt8(ascii: "+") && bytes[at - 1] | 0x20 == UInt8(ascii: "e"))
    {
      at += 1
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if let value = Int(text) { return .int(value) }
    if let value = Double(decimal: text) { return .float(value) }
    throw failure("malformed number `\(text)`")
  }

  private mutating func string() throws(ParseError) -> String {
    at += 1
    var out: [UInt8] = []
    while at < bytes.count, bytes[at] != UInt8(ascii: "\n") {
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") {
        return String(decoding: out, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\"), at < bytes.count {
        try escape(into: &out)
      } else {
        out.append(byte)
      }
    }
    throw failure("unterminated string")
  }

  /// What follows a backslash: `n`, a scalar as in `u{1B}`, or a character that stands for itself.
  private mutating func escape(into out: inout [UInt8]) throws(ParseError) {
    let byte = bytes[at]
    at += 1
    if byte == UInt8(ascii: "n") {
      out.append(UInt8(ascii: "\n"))
    } else if byte == UInt8(ascii: "u") {
      let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: "}"))
      guard let end, bytes[at] == UInt8(ascii: "{"),
        let code = UInt32(String(decoding: bytes[(at + 1)..<end], as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw failure("expected a character as in `\\u{1B}`") }
      out.append(contentsOf: UTF8.encode(scalar)!)
      at = end + 1
    } else {
      out.append(byte)
    }
  }
}

extension Lexer {
  package mutating func accept(_ punctuation: Character) throws(ParseError) -> Bool {
    guard token == .punctuation(punctuation) else { return false }
    try advance()
    return true
  }

  package mutating func expect(_ punctuation: Character) throws(ParseError) {
    guard try accept(punctuation) else { throw expected("`\(punctuation)`") }
  }

  /// Takes the end of a list after one of its elements.
  package mutating func expectEnd(ofList end: Character) throws(ParseError) {
    guard try accept(end) else { throw expected("`,` or `\(end)`") }
  }

  package mutating func acceptWord(_ word: String) throws(ParseError) -> Bool {
    guard token == .word(word) else { return false }
    try advance()
    return true
  }

  package mutating func word(_ what: String) throws(ParseError) -> String {
    guard case .word(let text) = token else { throw expected(what) }
    try advance()
    return text
  }

  package mutating func symbol(_ what: String) throws(ParseError) -> String {
    guard case .symbol(let text) = token else { throw expected(what) }
    try advance()
    return text
  }

  package mutating func value() throws(ParseError) -> String {
    guard case .value(let text) = token else { throw expected("a value") }
    try advance()
    return text
  }

  package mutating func int(_ what: String) throws(ParseError) -> Int {
    guard case .int(let value) = token, value >= 0 else { throw expected(what) }
    try advance()
    return value
  }
}

extension LosslessStringConvertible where Self: BinaryFloatingPoint {
  /// A number as it is printed: digits, with or without a fraction and an exponent, `inf` or `nan`; nil for whatever
  /// else Swift takes for a number, such as `1.` and `0x10`.
  init?(decimal text: some StringProtocol) {
    let isDecimal = String(text).wholeMatch(of: /-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
    guard isDecimal || ["inf", "-inf", "nan", "-nan"].contains(String(text)) else { return nil }
    self.init(String(text))
  }
}
