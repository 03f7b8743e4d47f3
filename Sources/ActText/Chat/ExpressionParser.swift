/// Reads the expressions of a template: a part of Jinja's, all of which means what it means there.
struct ExpressionParser {
  private let tokens: [TemplateToken]
  private var at = 0
  private var depth = 0

  init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  var isAtEnd: Bool { at == tokens.count }

  func expectEnd() throws(TemplateError) {
    guard isAtEnd else { throw TemplateError("expected the end of the tag, found \(found)") }
  }

  private var found: String {
    switch at < tokens.count ? tokens[at] : nil {
    case .name(let text), .symbol(let text): "`\(text)`"
    case .string(let text): "'\(text)'"
    case .integer(let number): "\(number)"
    case nil: "its end"
    }
  }

  mutating func take(_ symbol: String) -> Bool {
    guard at < tokens.count, tokens[at] == .symbol(symbol) else { return false }
    at += 1
    return true
  }

  mutating func takeWord(_ word: String) -> Bool {
    guard at < tokens.count, tokens[at] == .name(word) else { return false }
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

  private mutating func expect(_ symbol: String) throws(TemplateError) {
    guard take(symbol) else { throw TemplateError("expected `\(symbol)`, found \(found)") }
  }

  private func nested(_ depth: Int) throws(TemplateError) {
    guard depth <= 64 else { throw TemplateError("an expression nested too deeply") }
  }

  mutating func expression() throws(TemplateError) -> TemplateExpression {
    let value = try operand()
    guard takeWord("if") else { return value }
    let condition = try operand()
    return .choice(condition, then: value, otherwise: takeWord("else") ? try expression() : nil)
  }

  /// An expression without a choice at its end.
  mutating func operand() throws(TemplateError) -> TemplateExpression {
    depth += 1
    defer { depth -= 1 }
    try nested(depth)
    var left = try and()
    while takeWord("or") { left = .or(left, try and()) }
    return left
  }

  private mutating func and() throws(TemplateError) -> TemplateExpression {
    var left = try not()
    while takeWord("and") { left = .and(left, try not()) }
    return left
  }

  private mutating func not() throws(TemplateError) -> TemplateExpression {
    depth += 1
    defer { depth -= 1 }
    try nested(depth)
    return takeWord("not") ? .not(try not()) : try comparison()
  }

  private mutating func comparison() throws(TemplateError) -> TemplateExpression {
    let left = try sum()
    var comparison: TemplateExpression
    if let symbol = ["==", "!=", "<=", ">=", "<", ">"].first(where: { take($0) }) {
      comparison = .binary(symbol, left, try sum())
    } else if takeWord("in") {
      comparison = .binary("in", left, try sum())
    } else if at + 1 < tokens.count, tokens[at] == .name("not"), tokens[at + 1] == .name("in") {
      at += 2
      comparison = .not(.binary("in", left, try sum()))
    } else {
      return left
    }
    for token in ["==", "!=", "<=", ">=", "<", ">"] where take(token) {
      throw .unsupported("a chain of comparisons")
    }
    return comparison
  }

  private mutating func sum() throws(TemplateError) -> TemplateExpression {
    var left = try concatenation()
    while let symbol = ["+", "-"].first(where: { take($0) }) {
      left = .binary(symbol, left, try concatenation())
    }
    return left
  }

  private mutating func concatenation() throws(TemplateError) -> TemplateExpression {
    var left = try product()
    while take("~") { left = .binary("~", left, try product()) }
    return left
  }

  private mutating func product() throws(TemplateError) -> TemplateExpression {
    var left = try unary()
    while let symbol = ["*", "//", "%"].first(where: { take($0) }) {
      left = .binary(symbol, left, try unary())
    }
    return left
  }

  private mutating func unary() throws(TemplateError) -> TemplateExpression {
    depth += 1
    defer { depth -= 1 }
    try nested(depth)
    if take("-") { return .negative(try unary()) }
    return try suffixed(try primary())
  }

  private mutating func primary() throws(TemplateError) -> TemplateExpression {
    guard at < tokens.count else { throw TemplateError("expected a value, found \(found)") }
    let token = tokens[at]
    at += 1
    switch token {
    case .string(let text): return .literal(.string(text))
    case .integer(let number): return .literal(.int(number))
    case .name("true"), .name("True"): return .literal(.bool(true))
    case .name("false"), .name("False"): return .literal(.bool(false))
    case .name("none"), .name("None"): return .literal(.none)
    case .name(let name):
      guard take("(") else { return .variable(name) }
      let (values, named) = try arguments()
      return .call(name: name, values, named: named)
    case .symbol("("):
      let value = try expression()
      if take(",") { throw .unsupported("a tuple") }
      try expect(")")
      return value
    case .symbol("["):
      var values: [TemplateExpression] = []
      while !take("]") {
        values.append(try expression())
        if !take(",") {
          try expect("]")
          break
        }
      }
      return .list(values)
    case .symbol("{"): throw .unsupported("a dictionary")
    case .symbol(let symbol): throw TemplateError("expected a value, found `\(symbol)`")
    }
  }

  /// The arguments of a call, after its `(`.
  private mutating func arguments() throws(TemplateError) -> (
    [TemplateExpression], named: [(String, TemplateExpression)]
  ) {
    var values: [TemplateExpression] = []
    var named: [(String, TemplateExpression)] = []
    while !take(")") {
      if at + 1 < tokens.count, case .name(let name) = tokens[at], tokens[at + 1] == .symbol("=") {
        at += 2
        named.append((name, try expression()))
      } else {
        values.append(try expression())
      }
      if !take(",") {
        try expect(")")
        break
      }
    }
    return (values, named)
  }

  private mutating func suffixed(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    var value = value
    // A chain of suffixes is as deep in the tree.
    for _ in 0..<64 {
      if take(".") {
        let name = try takeName()
        guard take("(") else {
          value = .member(value, .literal(.string(name)))
          continue
        }
        let (values, named) = try arguments()
        guard named.isEmpty else { throw .unsupported("named arguments of `\(name)`") }
        value = .method(value, name: name, values)
      } else if take("[") {
        value = try subscripted(value)
      } else if take("|") {
        let name = try takeName()
        var values: [TemplateExpression] = []
        if take("(") {
          let (given, named) = try arguments()
          guard named.isEmpty else { throw .unsupported("named arguments of `\(name)`") }
          values = given
        }
        value = .filter(value, name: name, values)
      } else if takeWord("is") {
        let isNegated = takeWord("not")
        let test = TemplateExpression.test(value, name: try takeName())
        value = isNegated ? .not(test) : test
      } else {
        return value
      }
    }
    throw TemplateError("an expression nested too deeply")
  }

  private mutating func subscripted(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    if take(":") {
      let end = take("]") ? nil : try expression()
      if end != nil { try expect("]") }
      return .slice(value, from: nil, to: end)
    }
    let index = try expression()
    if take(":") {
      let end = take("]") ? nil : try expression()
      if end != nil { try expect("]") }
      return .slice(value, from: index, to: end)
    }
    try expect("]")
    return .member(value, index)
  }
}
