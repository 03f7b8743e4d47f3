/// A piece of a template: text to copy, an expression to print, or a statement.
enum TemplatePiece {
  case text(String)
  case output([TemplateToken])
  case statement([TemplateToken])
}

enum TemplateToken: Hashable {
  case name(String)
  case string(String)
  case integer(Int)
  /// An operator or a bracket.
  case symbol(String)
}

/// Cuts a template into pieces, as Jinja does with `trim_blocks` and `lstrip_blocks`: the newline after a statement or
/// comment, and white space before one that begins a line, are not part of the text.
struct TemplateLexer {
  private let characters: [Unicode.Scalar]
  private var at = 0

  init(_ text: String) {
    // Line ends become newlines, and the one at the end is not part of the template.
    var scalars: [Unicode.Scalar] = []
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      if scalar == "\r" {
        scalars.append("\n")
      } else if scalar != "\n" || previous != "\r" {
        scalars.append(scalar)
      }
      previous = scalar
    }
    if scalars.last == "\n" { scalars.removeLast() }
    characters = scalars
  }

  mutating func pieces() throws(TemplateError) -> [TemplatePiece] {
    var pieces: [TemplatePiece] = []
    var trimsStart = false
    var dropsNewline = false
    var beginsLine = true
    while true {
      let (text, opening) = takeText()
      var body = text[...]
      if trimsStart {
        body = body.drop { $0.properties.isWhitespace }
        beginsLine = text[..<body.startIndex].last == "\n"
      } else if dropsNewline, body.first == "\n" {
        body = body.dropFirst()
        beginsLine = true
      }
      guard let opening else {
        pieces.append(.text(string(body)))
        return pieces
      }
      at += 2
      let sign = at < characters.count ? characters[at] : " "
      if sign == "-" {
        while body.last?.properties.isWhitespace == true { body = body.dropLast() }
      } else if opening != "{", sign != "+" {
        body = strippedLineStart(body, beginsLine: beginsLine)
      }
      if sign == "-" || sign == "+" { at += 1 }
      if !body.isEmpty { pieces.append(.text(string(body))) }
      (trimsStart, dropsNewline) = try takeTag(opening, &pieces)
      beginsLine = false
    }
  }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  /// `text` without the blanks at its end, if they begin a line.
  private func strippedLineStart(
    _ text: ArraySlice<Unicode.Scalar>, beginsLine: Bool
  ) -> ArraySlice<Unicode.Scalar> {
    var rest = text
    while let last = rest.last, last != "\n", last.properties.isWhitespace { rest = rest.dropLast() }
    return rest.last == "\n" || rest.isEmpty && beginsLine ? rest : text
  }

  /// The text up to the next tag, and the character after the tag's brace.
  private mutating func takeText() -> ([Unicode.Scalar], Unicode.Scalar?) {
    let start = at
    while at + 1 < characters.count {
      if characters[at] == "{", "{%#".unicodeScalars.contains(characters[at + 1]) {
        return (Array(characters[start..<at]), characters[at + 1])
      }
      at += 1
    }
    at = characters.count
    return (Array(characters[start...]), nil)
  }

  /// Takes the rest of a tag; says whether it trims the text after it, and whether it swallows a newline there.
  private mutating func takeTag(
    _ opening: Unicode.Scalar, _ pieces: inout [TemplatePiece]
  ) throws(TemplateError) -> (trimsStart: Bool, dropsNewline: Bool) {
    if opening == "#" {
      while at + 1 < characters.count, !(characters[at] == "#" && characters[at + 1] == "}") { at += 1 }
      guard at + 1 < characters.count else { throw TemplateError("a comment that does not end") }
      let trims = characters[at - 1] == "-"
      at += 2
      return (trims, true)
    }
    let closing: [Unicode.Scalar] = opening == "{" ? ["}", "}"] : ["%", "}"]
    var tokens: [TemplateToken] = []
    // Braces opened in the expression, because `}}` may end a dictionary.
    var depth = 0
    while true {
      while at < characters.count, characters[at].properties.isWhitespace { at += 1 }
      guard at < characters.count else { throw TemplateError("a tag that does not end") }
      let rest = characters[at...]
      if depth == 0, rest.starts(with: ["-"] + closing) {
        at += 3
        append(tokens, opening, &pieces)
        return (true, opening != "{")
      }
      if depth == 0, rest.starts(with: closing) {
        at += 2
        append(tokens, opening, &pieces)
        return (false, opening != "{")
      }
      guard tokens.count < 1024 else { throw TemplateError("a tag of more than 1024 parts") }
      let token = try takeToken()
      if token == .symbol("{") { depth += 1 }
      if token == .symbol("}") { depth -= 1 }
      tokens.append(token)
    }
  }

  private func append(
    _ tokens: [TemplateToken], _ opening: Unicode.Scalar, _ pieces: inout [TemplatePiece]
  ) {
    pieces.append(opening == "{" ? .output(tokens) : .statement(tokens))
  }

  private static let symbols = [
    "==", "!=", "<=", ">=", "//", "**", "<", ">", "=", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "(",
    ")",
    "[", "]", "{", "}",
  ].map { (text: $0, scalars: Array($0.unicodeScalars)) }

  private mutating func takeToken() throws(TemplateError) -> TemplateToken {
    let first = characters[at]
    if first == "'" || first == "\"" { return .string(try takeString(first)) }
    let start = at
    func isWord(_ scalar: Unicode.Scalar) -> Bool { scalar == "_" || scalar.properties.isAlphabetic }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    if isWord(first) {
      while at < characters.count, isWord(characters[at]) || isDigit(characters[at]) { at += 1 }
      return .name(string(characters[start..<at]))
    }
    if isDigit(first) {
      while at < characters.count, isDigit(characters[at]) { at += 1 }
      guard let number = Int(string(characters[start..<at])) else {
        throw TemplateError("a number out of range")
      }
      return .integer(number)
    }
    guard let symbol = Self.symbols.first(where: { characters[at...].starts(with: $0.scalars) }) else {
      throw TemplateError("an unexpected `\(first)`")
    }
    at += symbol.scalars.count
    return .symbol(symbol.text)
  }

  private mutating func takeString(_ quote: Unicode.Scalar) throws(TemplateError) -> String {
    at += 1
    var text = ""
    while at < characters.count {
      let scalar = characters[at]
      at += 1
      if scalar == quote { return text }
      guard scalar == "\\" else {
        text.unicodeScalars.append(scalar)
        continue
      }
      guard at < characters.count else { break }
      switch characters[at] {
      case "n": text += "\n"
      case "t": text += "\t"
      case "r": text += "\r"
      case "\\", "'", "\"": text.unicodeScalars.append(characters[at])
      default: throw .unsupported("the escape `\\\(characters[at])`")
      }
      at += 1
    }
    throw TemplateError("a string that does not end")
  }
}
