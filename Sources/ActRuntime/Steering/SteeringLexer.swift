/// Splits a steering expression into words, numbers and signs, each with its place.
struct SteeringLexer {
  enum Token: Hashable {
    /// Letters, digits, `_`, `.` and `-`, which begin no number.
    case word(String)
    case number(Double)
    /// `=`, `:`, `,`, `->`, `(`, `)`, `>`, `>=`, `<`, `<=`.
    case sign(String)
    case end
  }

  private let text: [Character]
  private var at = 0
  /// The next token, and where it begins, from 1.
  private(set) var token = Token.end
  private(set) var place = 1

  init(_ text: String) throws(SteeringExpression.Malformed) {
    self.text = Array(text)
    try advance()
  }

  func expected(_ what: String) -> SteeringExpression.Malformed {
    let found =
      switch token {
      case .word(let text), .sign(let text): "`\(text)`"
      case .number(let value): "`\(value)`"
      case .end: "the end"
      }
    return failure("expected \(what), found \(found)")
  }

  func failure(_ problem: String) -> SteeringExpression.Malformed {
    SteeringExpression.Malformed(description: "`\(String(text))`, character \(place): \(problem)")
  }

  mutating func advance() throws(SteeringExpression.Malformed) {
    while at < text.count, text[at] == " " || text[at] == "\t" { at += 1 }
    place = at + 1
    guard at < text.count else { return token = .end }
    token = try next()
  }

  private static func isName(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "_.-".contains(character))
  }

  private mutating func next() throws(SteeringExpression.Malformed) -> Token {
    if text[at] == "→" {
      at += 1
      return .sign("->")
    }
    for sign in ["->", ">=", "<=", "=", ":", ",", "(", ")", ">", "<"] where text[at...].starts(with: sign) {
      at += sign.count
      return .sign(sign)
    }
    guard Self.isName(text[at]) || text[at] == "+" else {
      throw failure("unexpected `\(text[at])`")
    }
    var end = at + 1
    // An arrow ends a word; the exponent of a number may have a sign.
    while end < text.count, !text[end...].starts(with: "->"),
      Self.isName(text[end]) || text[end] == "+" && "eE".contains(text[end - 1])
    {
      end += 1
    }
    let word = String(text[at..<end])
    at = end
    if let number = Double(word), number.isFinite, !word.contains(where: \.isPartOfWordsOnly) {
      return .number(number)
    }
    guard !word.contains("+") else { throw failure("expected a number, found `\(word)`") }
    return .word(word)
  }

  /// Takes a word or a sign if it is the next token.
  mutating func accept(_ text: String) throws(SteeringExpression.Malformed) -> Bool {
    guard token == .word(text) || token == .sign(text) else { return false }
    try advance()
    return true
  }

  mutating func expect(_ sign: String) throws(SteeringExpression.Malformed) {
    guard try accept(sign) else { throw expected("`\(sign)`") }
  }

  /// Takes a name, which may look like a number.
  mutating func name(_ what: String) throws(SteeringExpression.Malformed) -> String {
    let start = place - 1
    switch token {
    case .word, .number:
      let end = at
      try advance()
      return String(text[start..<end])
    case .sign, .end: throw expected(what)
    }
  }

  mutating func number(_ what: String) throws(SteeringExpression.Malformed) -> Double {
    guard case .number(let value) = token else { throw expected(what) }
    try advance()
    return value
  }

  mutating func count(_ what: String) throws(SteeringExpression.Malformed) -> Int {
    guard case .number(let value) = token, let count = Int(exactly: value),
      (1...StrengthSchedule.mostTokens).contains(count)
    else { throw expected(what) }
    try advance()
    return count
  }
}

extension Character {
  /// Whether no decimal number holds it; Swift reads hexadecimal ones and names of infinity too.
  fileprivate var isPartOfWordsOnly: Bool { isLetter && self != "e" && self != "E" || self == "_" }
}
