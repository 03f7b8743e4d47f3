/// The values of expressions.
extension TemplateEvaluator {
  mutating func value(_ expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
    try step()
    try enter()
    defer { leave() }
    switch expression {
    case .literal(let value): return value
    case .variable(let name): return try variable(name)
    case .list(let expressions): return try measured(.list(values(expressions)))
    case .tuple(let expressions): return try measured(.list(values(expressions), .tuple))
    case .object(let members): return try object(members)
    case .attribute(let object, let name): return try value(object).attribute(name)
    case .item(let object, let key): return try value(object).item(value(key))
    case .slice(let object, let from, let to, let by): return try slice(object, [from, to, by])
    case .call: return try call(expression, caller: nil)
    case .filter(let object, let filter): return try apply(filter, to: value(object))
    case .test(let object, let test): return .bool(try holds(test, value(object)))
    case .not(let inner): return .bool(try !value(inner).isTrue)
    case .negative(let inner): return try value(inner).negated()
    case .positive(let inner): return try positive(value(inner))
    case .and(let left, let right):
      let left = try value(left)
      return left.isTrue ? try value(right) : left
    case .or(let left, let right):
      let left = try value(left)
      return left.isTrue ? left : try value(right)
    case .binary(let sign, let left, let right): return try binary(sign, left, right)
    case .concatenation(let parts): return try concatenation(parts)
    case .comparison(let first, let rest): return try comparison(first, rest)
    case .choice(let condition, let then, let otherwise):
      if try value(condition).isTrue { return try value(then) }
      guard let otherwise else { return .undefined }
      return try value(otherwise)
    }
  }

  private func variable(_ name: String) throws(TemplateError) -> TemplateValue {
    if let value = scope[name] { return value }
    if TemplateGlobal.names.contains(name) { return .function(.global(name)) }
    if TemplateGlobal.unsupported.contains(name) { throw .unsupported("the function `\(name)`") }
    // Undefined, it would print as nothing.
    if surroundings.unknownTokens.contains(name) { throw .unsupported("the variable `\(name)`") }
    return .undefined
  }

  private mutating func values(_ expressions: [TemplateExpression]) throws(TemplateError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try value(expression)) }
    return values
  }

  private mutating func object(
    _ members: [(key: TemplateExpression, value: TemplateExpression)]
  ) throws(TemplateError) -> TemplateValue {
    var object = TemplateObject()
    for member in members { try object.set(value(member.key), to: value(member.value)) }
    return try measured(.object(object))
  }

  private mutating func holds(_ test: FilterCall, _ value: TemplateValue) throws(TemplateError) -> Bool {
    let arguments = try arguments(test.arguments)
    if !arguments.isEmpty { try step(through: value) }
    for argument in arguments.values { try step(through: argument) }
    return try TemplateTest.holds(test.name, value, arguments)
  }

  private mutating func slice(
    _ object: TemplateExpression, _ bounds: [TemplateExpression?]
  ) throws(TemplateError) -> TemplateValue {
    let value = try value(object)
    var numbers: [Int?] = []
    for bound in bounds {
      guard let bound else {
        numbers.append(nil)
        continue
      }
      let found = try self.value(bound)
      if case .none = found {
        numbers.append(nil)
      } else if let number = found.integer {
        numbers.append(number)
      } else {
        throw TemplateError("\(found.kind) as a bound of a slice")
      }
    }
    try step(making: value.length ?? 0)
    return try value.slice(numbers[0], numbers[1], numbers[2])
  }

  private func positive(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    if case .float = value { return value }
    guard let number = value.integer else { throw TemplateError("`+` of \(value.kind)") }
    return .int(number)
  }

  private mutating func binary(
    _ sign: ArithmeticOperator, _ left: TemplateExpression, _ right: TemplateExpression
  ) throws(TemplateError) -> TemplateValue {
    let (left, right) = (try value(left), try value(right))
    return try measured(left.combined(sign, right))
  }

  private mutating func concatenation(_ parts: [TemplateExpression]) throws(TemplateError) -> TemplateValue {
    var text = ""
    for part in parts {
      text += try value(part).printed()
      try step(making: text.utf8.count)
    }
    return .string(text)
  }

  private mutating func comparison(
    _ first: TemplateExpression, _ rest: [(ComparisonOperator, TemplateExpression)]
  ) throws(TemplateError) -> TemplateValue {
    var left = try value(first)
    for (sign, expression) in rest {
      let right = try value(expression)
      try step(through: left)
      try step(through: right)
      guard try left.compared(sign, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  /// A new value, of which all counts.
  private mutating func measured(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    try step(through: value)
    return value
  }

  mutating func arguments(_ arguments: CallArguments) throws(TemplateError) -> TemplateArguments {
    var found = TemplateArguments(values: try values(arguments.values))
    for (name, expression) in arguments.named {
      guard !found.named.contains(where: { $0.name == name }) else {
        throw TemplateError("the argument `\(name)` is given twice")
      }
      found.named.append((name, try value(expression)))
    }
    return found
  }

  mutating func apply(_ filter: FilterCall, to value: TemplateValue) throws(TemplateError) -> TemplateValue {
    let arguments = try arguments(filter.arguments)
    // These look at no more than one value.
    let isShort = ["length", "count", "first", "last", "default", "d"].contains(filter.name)
    if !isShort {
      try step(through: value)
      for argument in arguments.values { try step(through: argument) }
    }
    let result = try TemplateFilter.apply(filter.name, to: value, arguments)
    return isShort ? result : try measured(result)
  }

  // MARK: Calls

  /// The value of a call; `caller` is what a `call` statement passes to its macro.
  mutating func call(
    _ expression: TemplateExpression, caller: TemplateMacro?
  ) throws(TemplateError) -> TemplateValue {
    guard case .call(let callee, let given) = expression else { return try value(expression) }
    let function = try value(callee)
    var arguments = try arguments(given)
    if let caller { arguments.named.append(("caller", .function(.macro(caller)))) }
    switch function {
    case .function(.macro(let macro)): return .string(try call(macro, arguments))
    case .function(.method(let object, let name)):
      let isShort = ["get", "cycle"].contains(name)
      if !isShort { try step(through: object) }
      for argument in arguments.values { try step(through: argument) }
      let result = try object.call(name, arguments)
      return isShort ? result : try measured(result)
    case .function(.global(let name)):
      return try measured(TemplateGlobal.call(name, arguments, surroundings))
    case .undefined: throw TemplateError("a call of an undefined value\(Self.named(callee))")
    case .loop: throw .unsupported("a recursive loop")
    default: throw TemplateError("a call of \(function.kind)\(Self.named(callee))")
    }
  }

  /// The name in an expression, for messages.
  private static func named(_ expression: TemplateExpression) -> String {
    switch expression {
    case .variable(let name): ", `\(name)`"
    case .attribute(_, let name): ", `.\(name)`"
    default: ""
    }
  }

  private mutating func call(
    _ macro: TemplateMacro, _ arguments: TemplateArguments
  ) throws(TemplateError) -> String {
    var arguments = arguments
    let inner = TemplateScope(in: macro.scope)
    if macro.signature.readsCaller, let index = arguments.named.firstIndex(where: { $0.name == "caller" }) {
      inner.variables["caller"] = arguments.named.remove(at: index).value
    }
    let names = macro.signature.parameters.map(\.name)
    let bound = try arguments.bound(macro.name, names)
    let outer = scope
    defer { scope = outer }
    scope = inner
    for (name, fallback) in macro.signature.parameters {
      if let value = bound[name] {
        inner.variables[name] = value
      } else if let fallback {
        inner.variables[name] = try value(fallback)
      } else {
        inner.variables[name] = .undefined
      }
    }
    return try captured(macro.body, in: inner)
  }
}
