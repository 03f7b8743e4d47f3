/// Reads the expressions of a template, with the precedence of Jinja's.
struct ExpressionParser {
  let tokens: [TemplateToken]
  var at = 0
  private var depth = 0

  init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  var isAtEnd: Bool { at == tokens.count }

  func expectEnd() throws(TemplateError) {
    guard isAtEnd else { throw TemplateError("expected the end of the tag, found \(found)") }
  }

  var found: String {
    switch at < tokens.count ? tokens[at] : nil {
    case .name(let text), .symbol(let text): "`\(text)`"
    case .string(let text): "'\(text)'"
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)"
    case nil: "its end"
    }
  }

  func isNext(_ token: TemplateToken, ahead: Int = 0) -> Bool {
    at + ahead < tokens.count && tokens[at + ahead] == token
  }

  func isNextName(_ word: String) -> Bool { isNext(.name(word)) }

  mutating func take(_ symbol: String) -> Bool {
    guard isNext(.symbol(symbol)) else { return false }
    at += 1
    return true
  }

  mutating func takeWord(_ word: String) -> Bool {
    guard isNext(.name(word)) else { return false }
    at += 1
    return true
  }

  mutating func takeName() throws(TemplateError) -> String {
    guard at < tokens.count, case .name(let name) = tokens[at] else {
      throw TemplateError("expected a name, found \(found)")
    }
    at += 1
    return name
  }

  mutating func expect(_ symbol: String) throws(TemplateError) {
    guard take(symbol) else { throw TemplateError("expected `\(symbol)`, found \(found)") }
  }

  /// Runs `body` one level deeper.
  mutating func nested<T>(
    _ body: (inout ExpressionParser) throws(TemplateError) -> T
  ) throws(TemplateError) -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw TemplateError("an expression nested too deeply") }
    return try body(&self)
  }

  /// One expression, or several with commas between them, which make a tuple; `allowsChoice` says whether `a if b` may
  /// stand outside of brackets.
  mutating func tuple(allowsChoice: Bool = true) throws(TemplateError) -> TemplateExpression {
    let first = try allowsChoice ? expression() : operand()
    guard isNext(.symbol(",")) else { return first }
    var values = [first]
    while take(",") {
      if isAtEnd || isNext(.symbol(")")) || isNextName("recursive") { break }
      values.append(try allowsChoice ? expression() : operand())
    }
    return .tuple(values)
  }

  mutating func expression() throws(TemplateError) -> TemplateExpression {
    try nested { parser throws(TemplateError) in
      var value = try parser.operand()
      while parser.takeWord("if") {
        let condition = try parser.operand()
        value = .choice(
          condition, then: value, otherwise: parser.takeWord("else") ? try parser.expression() : nil)
      }
      return value
    }
  }

  /// An expression without a choice at its end.
  mutating func operand() throws(TemplateError) -> TemplateExpression {
    try nested { parser throws(TemplateError) in
      var left = try parser.and()
      var links = 0
      while parser.takeWord("or") {
        left = .or(left, try parser.chained(&links) { parser throws(TemplateError) in try parser.and() })
      }
      return left
    }
  }

  /// The next link of a chain of operators, which makes the tree as deep as it is long.
  private mutating func chained(
    _ links: inout Int, _ next: (inout ExpressionParser) throws(TemplateError) -> TemplateExpression
  ) throws(TemplateError) -> TemplateExpression {
    links += 1
    guard links <= 128 else { throw TemplateError("a chain of more than 128 operators") }
    return try next(&self)
  }

  private mutating func and() throws(TemplateError) -> TemplateExpression {
    var left = try not()
    var links = 0
    while takeWord("and") {
      left = .and(left, try chained(&links) { parser throws(TemplateError) in try parser.not() })
    }
    return left
  }

  private mutating func not() throws(TemplateError) -> TemplateExpression {
    guard isNextName("not") else { return try comparison() }
    at += 1
    return try nested { parser throws(TemplateError) in .not(try parser.not()) }
  }

  private mutating func comparison() throws(TemplateError) -> TemplateExpression {
    let first = try sum()
    var rest: [(ComparisonOperator, TemplateExpression)] = []
    while let sign = takeComparison() { rest.append((sign, try sum())) }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  private mutating func takeComparison() -> ComparisonOperator? {
    if takeWord("in") { return .isIn }
    if isNextName("not"), isNext(.name("in"), ahead: 1) {
      at += 2
      return .isNotIn
    }
    guard at < tokens.count, case .symbol(let symbol) = tokens[at] else { return nil }
    guard let sign = ComparisonOperator(rawValue: symbol) else { return nil }
    at += 1
    return sign
  }

  private mutating func binary(
    _ signs: [ArithmeticOperator],
    _ part: (inout ExpressionParser) throws(TemplateError) -> TemplateExpression
  ) throws(TemplateError) -> TemplateExpression {
    var left = try part(&self)
    var links = 0
    while let sign = signs.first(where: { isNext(.symbol($0.rawValue)) }) {
      at += 1
      left = .binary(sign, left, try chained(&links, part))
    }
    return left
  }

  private mutating func sum() throws(TemplateError) -> TemplateExpression {
    try binary([.add, .subtract]) { parser throws(TemplateError) in try parser.concatenation() }
  }

  private mutating func concatenation() throws(TemplateError) -> TemplateExpression {
    var parts = [try product()]
    while take("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func product() throws(TemplateError) -> TemplateExpression {
    try binary([.multiply, .divide, .divideWhole, .remainder]) { parser throws(TemplateError) in
      try parser.binary([.power]) { parser throws(TemplateError) in try parser.unary(takesFilters: true) }
    }
  }

  private mutating func unary(takesFilters: Bool) throws(TemplateError) -> TemplateExpression {
    var value: TemplateExpression
    if take("-") {
      value = .negative(
        try nested { parser throws(TemplateError) in try parser.unary(takesFilters: false) })
    } else if take("+") {
      value = .positive(
        try nested { parser throws(TemplateError) in try parser.unary(takesFilters: false) })
    } else {
      value = try primary()
    }
    return try suffixed(value, takesFilters: takesFilters)
  }
}
