/// Reads conditions; see ``RecordFilter`` for the grammar.
struct RecordFilterParser {
  private static let maximumLength = 4096
  private static let maximumDepth = 64

  private let characters: [Character]
  private var at = 0
  private var depth = 0

  init(_ text: String) { characters = Array(text) }

  mutating func parse() throws(RecordFilterError) -> RecordFilter.Condition {
    guard characters.count <= Self.maximumLength else {
      throw failure("longer than \(Self.maximumLength) characters")
    }
    let condition = try or()
    guard at == characters.count else { throw failure("expected `&&`, `||` or the end") }
    return condition
  }

  private func failure(_ problem: String) -> RecordFilterError {
    RecordFilterError(character: at + 1, problem: problem)
  }

  private var next: Character? { at < characters.count ? characters[at] : nil }

  private mutating func skipSpace() { while next?.isWhitespace == true { at += 1 } }

  /// Takes `token` where it comes next.
  private mutating func take(_ token: String) -> Bool {
    guard characters[at...].starts(with: token) else { return false }
    at += token.count
    skipSpace()
    return true
  }

  private mutating func or() throws(RecordFilterError) -> RecordFilter.Condition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw failure("nested too deeply") }
    var condition = try and()
    while take("||") { condition = .or(condition, try and()) }
    return condition
  }

  private mutating func and() throws(RecordFilterError) -> RecordFilter.Condition {
    skipSpace()
    var condition = try factor()
    while take("&&") { condition = .and(condition, try factor()) }
    return condition
  }

  private mutating func factor() throws(RecordFilterError) -> RecordFilter.Condition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw failure("nested too deeply") }
    if take("!") { return .not(try factor()) }
    if take("(") {
      let condition = try or()
      guard take(")") else { throw failure("expected `)`") }
      return condition
    }
    return try comparison()
  }

  private mutating func comparison() throws(RecordFilterError) -> RecordFilter.Condition {
    let field = next == "`" ? try quoted("`") : word()
    guard !field.isEmpty else { throw failure("expected the name of a field") }
    skipSpace()
    guard let comparison = RecordFilter.Comparison.allCases.first(where: { take($0.rawValue) }) else {
      throw failure("expected one of >= <= > < == !=")
    }
    let start = at
    let literal = try literal()
    switch (comparison, literal) {
    case (.equal, _), (.notEqual, _), (_, .number): break
    default:
      at = start
      throw failure("expected a number after `\(comparison.rawValue)`")
    }
    skipSpace()
    return .comparison(field: field, comparison, literal)
  }

  private mutating func literal() throws(RecordFilterError) -> RecordFilter.Literal {
    if let mark = next, mark == "\"" || mark == "'" { return .text(try quoted(mark)) }
    let start = at
    let text = word(also: "+")
    switch text {
    case "": throw failure("expected a value")
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default: break
    }
    guard let number = Double(text) else { return .text(text) }
    guard number.isFinite else {
      at = start
      throw failure("expected a finite number, or a text between quotation marks")
    }
    return .number(number)
  }

  /// Letters, digits, `_`, `-`, `.` and `extra`; may be empty.
  private mutating func word(also extra: String = "") -> String {
    var text = ""
    while let character = next,
      character.isLetter || character.isNumber || "_-.".contains(character) || extra.contains(character)
    {
      text.append(character)
      at += 1
    }
    return text
  }

  /// What stands between two marks; a backslash before a mark or a backslash makes it ordinary.
  private mutating func quoted(_ mark: Character) throws(RecordFilterError) -> String {
    at += 1
    var text = ""
    while let character = next {
      at += 1
      if character == mark { return text }
      if character == "\\", let escaped = next, escaped == mark || escaped == "\\" {
        text.append(escaped)
        at += 1
      } else {
        text.append(character)
      }
    }
    throw failure("expected `\(mark)`")
  }
}
