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
  case float(Double)
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
    var ending = TagEnding.nothing
    var beginsLine = true
    while true {
      let (text, opening) = takeText()
      var body = text[...]
      switch ending {
      case .trimsSpace:
        body = body.drop { $0.isPythonSpace }
        if body.startIndex > 0 { beginsLine = text[body.startIndex - 1] == "\n" }
      case .dropsNewline where body.first == "\n":
        body = body.dropFirst()
        beginsLine = true
      case .dropsNewline, .nothing: break
      }
      guard let opening else {
        if !body.isEmpty { pieces.append(.text(string(body))) }
        return pieces
      }
      at += 2
      body = strippedEnd(body, before: opening, beginsLine: beginsLine)
      if !body.isEmpty { pieces.append(.text(string(body))) }
      beginsLine = false
      if opening == "%", let end = takeRaw(name: "raw", keepsNewline: true) {
        let (raw, rawEnding) = try takeRawBody(trimmed: end == .trimsSpace)
        if !raw.isEmpty { pieces.append(.text(string(raw))) }
        ending = rawEnding
      } else {
        ending = try takeTag(opening, &pieces)
      }
    }
  }

  /// What a tag does to the text after it.
  private enum TagEnding {
    case trimsSpace, dropsNewline, nothing
  }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  /// Takes the sign after an opening brace, and gives the text before it without what the tag strips.
  private mutating func strippedEnd(
    _ text: ArraySlice<Unicode.Scalar>, before opening: Unicode.Scalar, beginsLine: Bool
  ) -> ArraySlice<Unicode.Scalar> {
    let sign = at < characters.count ? characters[at] : " "
    var text = text
    if sign == "-" {
      while text.last?.isPythonSpace == true { text = text.dropLast() }
      at += 1
    } else if sign == "+" {
      at += 1
    } else if opening != "{" {
      text = strippedLineStart(text, beginsLine: beginsLine)
    }
    return text
  }

  /// `text` without the blanks at its end, if they begin a line.
  private func strippedLineStart(
    _ text: ArraySlice<Unicode.Scalar>, beginsLine: Bool
  ) -> ArraySlice<Unicode.Scalar> {
    var rest = text
    while let last = rest.last, last != "\n", last.isPythonSpace { rest = rest.dropLast() }
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

  /// Takes the rest of a tag that holds `name` alone, if it does; `keepsNewline` says whether one after it stays.
  private mutating func takeRaw(name: String, keepsNewline: Bool) -> TagEnding? {
    var end = at
    func skipSpace() { while end < characters.count, characters[end].isPythonSpace { end += 1 } }
    skipSpace()
    guard characters[end...].starts(with: name.unicodeScalars) else { return nil }
    end += name.unicodeScalars.count
    skipSpace()
    let sign = end < characters.count ? characters[end] : " "
    // A `+` can only end the last of the two.
    if sign == "-" || sign == "+" && !keepsNewline { end += 1 }
    guard characters[end...].starts(with: "%}".unicodeScalars) else { return nil }
    at = end + 2
    return sign == "-" ? .trimsSpace : keepsNewline || sign == "+" ? .nothing : .dropsNewline
  }

  /// Takes the text up to `endraw`, and that tag.
  private mutating func takeRawBody(
    trimmed: Bool
  ) throws(TemplateError) -> (ArraySlice<Unicode.Scalar>, TagEnding) {
    if trimmed { while at < characters.count, characters[at].isPythonSpace { at += 1 } }
    let start = at
    while at + 1 < characters.count {
      guard characters[at] == "{", characters[at + 1] == "%" else {
        at += 1
        continue
      }
      let end = at
      at += 2
      let body = strippedEnd(characters[start..<end], before: "%", beginsLine: false)
      if let ending = takeRaw(name: "endraw", keepsNewline: false) { return (body, ending) }
      at = end + 1
    }
    throw TemplateError("a `raw` without `endraw`")
  }

  /// Takes the rest of a tag.
  private mutating func takeTag(
    _ opening: Unicode.Scalar, _ pieces: inout [TemplatePiece]
  ) throws(TemplateError) -> TagEnding {
    if opening == "#" { return try takeComment() }
    let closing: [Unicode.Scalar] = opening == "{" ? ["}", "}"] : ["%", "}"]
    var reader = TemplateTokenReader(characters, at: at)
    var tokens: [TemplateToken] = []
    while true {
      let (token, ending) = try reader.next(closing: closing)
      guard let token else {
        at = reader.at
        pieces.append(opening == "{" ? .output(tokens) : .statement(tokens))
        if ending == "-" { return .trimsSpace }
        return opening == "{" || ending == "+" ? .nothing : .dropsNewline
      }
      guard tokens.count < 4096 else { throw TemplateError("a tag of more than 4096 parts") }
      tokens.append(token)
    }
  }

  private mutating func takeComment() throws(TemplateError) -> TagEnding {
    let start = at
    while at + 1 < characters.count, !(characters[at] == "#" && characters[at + 1] == "}") { at += 1 }
    guard at + 1 < characters.count else { throw TemplateError("a comment that does not end") }
    let sign = at > start ? characters[at - 1] : " "
    at += 2
    return sign == "-" ? .trimsSpace : sign == "+" ? .nothing : .dropsNewline
  }
}
