/// Values, and the members, calls, filters and tests after them.
extension ExpressionParser {
  mutating func primary() throws(TemplateError) -> TemplateExpression {
    guard at < tokens.count else { throw TemplateError("expected a value, found \(found)") }
    let token = tokens[at]
    at += 1
    switch token {
    case .string(let first):
      var text = first
      while at < tokens.count, case .string(let next) = tokens[at] {
        text += next
        at += 1
      }
      return .literal(.string(text))
    case .integer(let number): return .literal(.int(number))
    case .float(let number): return .literal(.float(number))
    case .name("true"), .name("True"): return .literal(.bool(true))
    case .name("false"), .name("False"): return .literal(.bool(false))
    case .name("none"), .name("None"): return .literal(.none)
    case .name(let name): return .variable(name)
    case .symbol("("):
      if take(")") { return .tuple([]) }
      let value = try tuple()
      try expect(")")
      return value
    case .symbol("["):
      return .list(
        try several(until: "]") { parser throws(TemplateError) in try parser.expression() })
    case .symbol("{"):
      return .object(
        try several(until: "}") { parser throws(TemplateError) in
          let key = try parser.expression()
          try parser.expect(":")
          return (key, try parser.expression())
        })
    case .symbol(let symbol): throw TemplateError("expected a value, found `\(symbol)`")
    }
  }

  /// Elements with commas between them, and maybe one after the last, up to a bracket.
  mutating func several<T>(
    until end: String, _ element: (inout ExpressionParser) throws(TemplateError) -> T
  ) throws(TemplateError) -> [T] {
    var elements: [T] = []
    while !take(end) {
      elements.append(try element(&self))
      if !take(",") {
        try expect(end)
        break
      }
    }
    return elements
  }

  /// The arguments of a call, after its `(`.
  private mutating func arguments() throws(TemplateError) -> CallArguments {
    var arguments = CallArguments()
    _ = try several(until: ")") { parser throws(TemplateError) in
      if parser.isNext(.symbol("*")) || parser.isNext(.symbol("**")) {
        throw TemplateError.unsupported("arguments with `*`")
      }
      if parser.at + 1 < parser.tokens.count, case .name(let name) = parser.tokens[parser.at],
        parser.isNext(.symbol("="), ahead: 1)
      {
        parser.at += 2
        arguments.named.append((name, try parser.expression()))
      } else {
        guard arguments.named.isEmpty else {
          throw TemplateError("an argument without a name after one that has it")
        }
        arguments.values.append(try parser.expression())
      }
    }
    return arguments
  }

  /// Members, calls, and where they are allowed filters and tests.
  mutating func suffixed(
    _ value: TemplateExpression, takesFilters: Bool
  ) throws(TemplateError) -> TemplateExpression {
    var value = value
    var mayBeMember = true
    // A chain of suffixes is as deep in the tree.
    for _ in 0..<64 {
      if mayBeMember, take(".") {
        value = try member(of: value)
      } else if mayBeMember, take("[") {
        value = try subscripted(value)
      } else if take("(") {
        value = .call(value, try arguments())
      } else if takesFilters, take("|") {
        value = .filter(value, try filterCall())
        mayBeMember = false
      } else if takesFilters, takeWord("is") {
        value = try test(value)
        mayBeMember = false
      } else {
        return value
      }
    }
    throw TemplateError("an expression nested too deeply")
  }

  private mutating func member(of value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    if at < tokens.count, case .integer(let number) = tokens[at] {
      at += 1
      return .item(value, .literal(.int(number)))
    }
    return .attribute(value, try takeName())
  }

  /// The name and the arguments of a filter, after its `|`.
  mutating func filterCall() throws(TemplateError) -> FilterCall {
    let name = try dottedName()
    return FilterCall(name: name, arguments: take("(") ? try arguments() : CallArguments())
  }

  private mutating func dottedName() throws(TemplateError) -> String {
    var name = try takeName()
    while take(".") { name += "." + (try takeName()) }
    return name
  }

  /// A test, after its `is`; an argument may stand without brackets.
  private mutating func test(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    let isNegated = takeWord("not")
    var call = FilterCall(name: try dottedName(), arguments: CallArguments())
    if take("(") {
      call.arguments = try arguments()
    } else if beginsArgument {
      if isNextName("is") { throw TemplateError("a test of a test needs brackets") }
      let argument = try nested { parser throws(TemplateError) in
        try parser.suffixed(parser.primary(), takesFilters: false)
      }
      call.arguments.values = [argument]
    }
    let test = TemplateExpression.test(value, call)
    return isNegated ? .not(test) : test
  }

  private var beginsArgument: Bool {
    guard at < tokens.count else { return false }
    return switch tokens[at] {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .integer, .float: true
    case .symbol(let symbol): symbol == "[" || symbol == "{"
    }
  }

  private mutating func subscripted(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    var bounds: [TemplateExpression?] = [nil]
    while !take("]") {
      if take(":") {
        bounds.append(nil)
        guard bounds.count <= 3 else { throw TemplateError("a slice with more than three parts") }
      } else if take(",") {
        throw .unsupported("several indices in one bracket")
      } else {
        guard bounds[bounds.count - 1] == nil else { throw TemplateError("expected `]`, found \(found)") }
        bounds[bounds.count - 1] = try expression()
      }
      if isAtEnd { throw TemplateError("expected `]`, found \(found)") }
    }
    if bounds.count == 1 {
      guard let index = bounds[0] else { throw TemplateError("expected a value, found `]`") }
      return .item(value, index)
    }
    return .slice(value, from: bounds[0], to: bounds[1], by: bounds.count == 3 ? bounds[2] : nil)
  }
}
