/// Reads the tokens of one tag.
struct TemplateTokenReader {
  private let characters: [Unicode.Scalar]
  private(set) var at: Int
  /// The brackets that are open: within them nothing ends the tag.
  private var brackets: [String] = []

  init(_ characters: [Unicode.Scalar], at: Int) {
    self.characters = characters
    self.at = at
  }

  /// The next token; at the tag's end nil, and the sign before it, if there is one.
  mutating func next(
    closing: [Unicode.Scalar]
  ) throws(TemplateError) -> (token: TemplateToken?, sign: Unicode.Scalar?) {
    while at < characters.count, characters[at].isPythonSpace { at += 1 }
    guard at < characters.count else { throw TemplateError("a tag that does not end") }
    if brackets.isEmpty {
      let isSigned = characters[at] == "-" || characters[at] == "+" && closing[0] == "%"
      if isSigned, characters[(at + 1)...].starts(with: closing) {
        at += 3
        return (nil, characters[at - 3])
      }
      if characters[at...].starts(with: closing) {
        at += 2
        return (nil, nil)
      }
    }
    return (try token(), nil)
  }

  private static let symbols = [
    "==", "!=", "<=", ">=", "//", "**", "<", ">", "=", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "(",
    ")", "[", "]", "{", "}", ";",
  ].map { (text: $0, scalars: Array($0.unicodeScalars)) }
  private static let pairs = ["(": ")", "[": "]", "{": "}"]

  private mutating func token() throws(TemplateError) -> TemplateToken {
    let first = characters[at]
    if first == "'" || first == "\"" { return .string(try TemplateText.take(characters, &at)) }
    if Self.isDigit(first) { return try number() }
    if first == "_" || first.properties.isXIDStart {
      let start = at
      while at < characters.count, characters[at] == "_" || characters[at].properties.isXIDContinue {
        at += 1
      }
      return .name(text(start..<at))
    }
    guard let symbol = Self.symbols.first(where: { characters[at...].starts(with: $0.scalars) }),
      symbol.text != ";"
    else { throw TemplateError("an unexpected `\(first)`") }
    at += symbol.scalars.count
    if let end = Self.pairs[symbol.text] {
      brackets.append(end)
    } else if Self.pairs.values.contains(symbol.text) {
      guard let expected = brackets.popLast() else { throw TemplateError("an unexpected `\(symbol.text)`") }
      guard expected == symbol.text else {
        throw TemplateError("expected `\(expected)`, found `\(symbol.text)`")
      }
    }
    return .symbol(symbol.text)
  }

  private func text(_ range: Range<Int>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: characters[range])
    return text
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// A whole number, in one of four bases, or one with a point or an exponent; `_` may stand between digits.
  private mutating func number() throws(TemplateError) -> TemplateToken {
    if characters[at] == "0", at + 1 < characters.count,
      let base = ["x": 16, "o": 8, "b": 2][String(characters[at + 1]).lowercased()]
    {
      at += 2
      let digits = takeDigits { $0 == "_" || $0.properties.isASCIIHexDigit }
      guard let number = Int(digits, radix: base) else { throw TemplateError("a number out of range") }
      return .integer(number)
    }
    let start = at
    var digits = takeDigits { $0 == "_" || Self.isDigit($0) }
    var isFloat = false
    // After a point, as in `a.0.1`, digits are members.
    let followsPoint = start > 0 && characters[start - 1] == "."
    if !followsPoint, at + 1 < characters.count, characters[at] == ".", Self.isDigit(characters[at + 1]) {
      at += 1
      digits += "." + takeDigits { $0 == "_" || Self.isDigit($0) }
      isFloat = true
    }
    if !followsPoint, let exponent = exponentLength() {
      digits += text(at..<at + exponent)
      at += exponent
      isFloat = true
    }
    guard isFloat else {
      guard let number = Int(digits) else { throw TemplateError("a number out of range") }
      return .integer(number)
    }
    guard let number = Double(digits) else { throw TemplateError("a number out of range") }
    return .float(number)
  }

  private func exponentLength() -> Int? {
    guard at < characters.count, characters[at] == "e" || characters[at] == "E" else { return nil }
    var end = at + 1
    if end < characters.count, characters[end] == "+" || characters[end] == "-" { end += 1 }
    let start = end
    while end < characters.count, Self.isDigit(characters[end]) { end += 1 }
    return end > start ? end - at : nil
  }

  private mutating func takeDigits(_ isPart: (Unicode.Scalar) -> Bool) -> String {
    let start = at
    while at < characters.count, isPart(characters[at]) { at += 1 }
    return text(start..<at).filter { $0 != "_" }
  }
}

/// Texts in quotation marks, with the escapes of Python.
enum TemplateText {
  /// Takes the text that begins at `at`.
  static func take(_ characters: [Unicode.Scalar], _ at: inout Int) throws(TemplateError) -> String {
    let quote = characters[at]
    at += 1
    var text = String.UnicodeScalarView()
    while at < characters.count {
      let scalar = characters[at]
      at += 1
      if scalar == quote { return String(text) }
      if scalar == "\\" {
        guard at < characters.count else { break }
        try takeEscape(characters, &at, into: &text)
      } else {
        text.append(scalar)
      }
    }
    throw TemplateError("a string that does not end")
  }

  private static let plain: [Unicode.Scalar: Unicode.Scalar] = [
    "n": "\n", "t": "\t", "r": "\r", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "v": "\u{B}", "\\": "\\",
    "'": "'", "\"": "\"",
  ]

  private static func takeEscape(
    _ characters: [Unicode.Scalar], _ at: inout Int, into text: inout String.UnicodeScalarView
  ) throws(TemplateError) {
    let letter = characters[at]
    if let scalar = plain[letter] {
      at += 1
      text.append(scalar)
    } else if letter == "\n" {
      at += 1
    } else if let count = ["x": 2, "u": 4, "U": 8][letter] {
      let digits = characters[(at + 1)...].prefix(count)
      guard digits.count == count, digits.allSatisfy(\.properties.isASCIIHexDigit),
        let scalar = UInt32(String(String.UnicodeScalarView(digits)), radix: 16).flatMap(Unicode.Scalar.init)
      else { throw TemplateError("`\\\(letter)` without \(count) digits of a character") }
      at += 1 + count
      text.append(scalar)
    } else if ("0"..."7").contains(letter) {
      let digits = characters[at...].prefix(3).prefix { ("0"..."7").contains($0) }
      at += digits.count
      text.append(contentsOf: [digits.reduce(0) { $0 << 3 | $1.value - 48 }].compactMap(Unicode.Scalar.init))
    } else if letter == "N" {
      throw .unsupported("the escape `\\N`")
    } else {
      // Python leaves what it does not know.
      text.append("\\")
    }
  }
}
