/// What the operations of templates mean; those of Python, as far as templates need them.
extension TemplateValue {
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .int(let number): number != 0
    case .string(let text): !text.isEmpty
    case .list(let values): !values.isEmpty
    case .object(let members): !members.isEmpty
    case .namespace: true
    }
  }

  func printed() throws(TemplateError) -> String {
    switch self {
    case .undefined: return ""
    case .none: return "None"
    case .bool(let flag): return flag ? "True" : "False"
    case .int(let number): return "\(number)"
    case .string(let text): return text
    case .list, .object, .namespace: throw .unsupported("printing a list or an object")
    }
  }

  func member(_ key: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch (self, key) {
    case (.undefined, _): throw TemplateError("a member of an undefined value")
    case (.object(let members), .string(let name)): return members[name] ?? .undefined
    case (.namespace(let space), .string(let name)): return space.members[name] ?? .undefined
    case (.list(let values), .int(let index)):
      let at = index < 0 ? index + values.count : index
      return values.indices.contains(at) ? values[at] : .undefined
    case (.string(let text), .int(let index)):
      let scalars = Array(text.unicodeScalars)
      let at = index < 0 ? index + scalars.count : index
      return scalars.indices.contains(at) ? .string(String(scalars[at])) : .undefined
    default: return .undefined
    }
  }

  func slice(_ from: Int?, _ to: Int?) throws(TemplateError) -> TemplateValue {
    func bounds(_ count: Int) -> Range<Int> {
      func clamped(_ bound: Int) -> Int { min(max(bound < 0 ? bound + count : bound, 0), count) }
      let start = clamped(from ?? 0)
      return start..<max(start, clamped(to ?? count))
    }
    switch self {
    case .list(let values): return .list(Array(values[bounds(values.count)]))
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      return .string(String(String.UnicodeScalarView(scalars[bounds(scalars.count)])))
    default: throw TemplateError("a slice of what is neither list nor text")
    }
  }

  func combined(_ symbol: String, _ other: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch (symbol, self, other) {
    case ("==", _, _): return .bool(try equals(other))
    case ("!=", _, _): return .bool(try !equals(other))
    case ("~", _, _): return .string(try printed() + other.printed())
    case ("in", _, _): return .bool(try other.contains(self))
    case ("+", .string(let first), .string(let second)): return .string(first + second)
    case ("+", .list(let first), .list(let second)): return .list(first + second)
    case ("<", .string(let first), .string(let second)):
      return .bool(first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars))
    case (_, .int(let first), .int(let second)): return try Self.combined(first, symbol, second)
    default: throw TemplateError("`\(symbol)` of values that it does not take")
    }
  }

  private static func combined(_ first: Int, _ symbol: String, _ second: Int) throws(TemplateError)
    -> TemplateValue
  {
    let (result, overflow): (Int, Bool)
    switch symbol {
    case "<": return .bool(first < second)
    case ">": return .bool(first > second)
    case "<=": return .bool(first <= second)
    case ">=": return .bool(first >= second)
    case "+": (result, overflow) = first.addingReportingOverflow(second)
    case "-": (result, overflow) = first.subtractingReportingOverflow(second)
    case "*": (result, overflow) = first.multipliedReportingOverflow(by: second)
    case "%", "//":
      // Of Python: the quotient is rounded down, and the remainder has the divisor's sign.
      let (quotient, isOutside) = first.dividedReportingOverflow(by: second)
      guard !isOutside else { throw TemplateError("a division by 0 or out of range") }
      let remainder = first - quotient * second
      let isBelow = remainder != 0 && (remainder < 0) != (second < 0)
      if symbol == "//" { return .int(isBelow ? quotient - 1 : quotient) }
      return .int(isBelow ? remainder + second : remainder)
    default: throw TemplateError("`\(symbol)` of numbers")
    }
    guard !overflow else { throw TemplateError("a number out of range") }
    return .int(result)
  }

  private func equals(_ other: TemplateValue) throws(TemplateError) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.bool(let first), .bool(let second)): return first == second
    case (.int(let first), .int(let second)): return first == second
    case (.bool(let flag), .int(let number)), (.int(let number), .bool(let flag)):
      return (flag ? 1 : 0) == number
    case (.string(let first), .string(let second)):
      return first.unicodeScalars.elementsEqual(second.unicodeScalars)
    case (.list, .list), (.object, .object), (.namespace, .namespace):
      throw .unsupported("a comparison of lists or objects")
    default: return false
    }
  }

  private func contains(_ member: TemplateValue) throws(TemplateError) -> Bool {
    switch (self, member) {
    case (.string(let text), .string(let part)):
      let (text, part) = (Array(text.utf8), Array(part.utf8))
      return part.count <= text.count
        && (0...text.count - part.count).contains { text[$0...].starts(with: part) }
    case (.list(let values), _):
      for value in values where try value.equals(member) { return true }
      return false
    case (.object(let members), .string(let name)): return members[name] != nil
    case (.undefined, _): return false
    default: throw TemplateError("`in` what is neither text, list nor object")
    }
  }

  func meets(_ test: String) throws(TemplateError) -> Bool {
    switch (test, self) {
    case ("defined", .undefined), ("undefined", .undefined): return test == "undefined"
    case ("defined", _): return true
    case ("undefined", _): return false
    case ("none", .none), ("string", .string), ("mapping", .object): return true
    case ("true", .bool(let flag)): return flag
    case ("false", .bool(let flag)): return !flag
    case ("none", _), ("string", _), ("mapping", _), ("true", _), ("false", _): return false
    default: throw .unsupported("the test `\(test)`")
    }
  }

  func filtered(_ filter: String, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
    if filter == "default", arguments.count == 1 {
      if case .undefined = self { return arguments[0] }
      return self
    }
    guard arguments.isEmpty else { throw .unsupported("arguments of the filter `\(filter)`") }
    switch (filter, self) {
    case ("trim", .string): return try method("strip", [])
    case ("upper", .string), ("lower", .string): return try method(filter, [])
    case ("length", .string(let text)), ("count", .string(let text)): return .int(text.unicodeScalars.count)
    case ("length", .list(let values)), ("count", .list(let values)): return .int(values.count)
    case ("length", .object(let members)), ("count", .object(let members)): return .int(members.count)
    case ("first", .list(let values)): return values.first ?? .undefined
    case ("last", .list(let values)): return values.last ?? .undefined
    case ("string", _): return .string(try printed())
    default: throw .unsupported("the filter `\(filter)` of such a value")
    }
  }

  func method(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
    switch (name, self, arguments.first) {
    case ("strip", .string(let text), nil): return .string(text.stripped(atStart: true, atEnd: true))
    case ("lstrip", .string(let text), nil): return .string(text.stripped(atStart: true, atEnd: false))
    case ("rstrip", .string(let text), nil): return .string(text.stripped(atStart: false, atEnd: true))
    case ("upper", .string(let text), nil): return .string(text.uppercased())
    case ("lower", .string(let text), nil): return .string(text.lowercased())
    case ("startswith", .string(let text), .string(let part)?) where arguments.count == 1:
      return .bool(text.utf8.starts(with: part.utf8))
    case ("endswith", .string(let text), .string(let part)?) where arguments.count == 1:
      return .bool(text.utf8.reversed().starts(with: part.utf8.reversed()))
    case ("get", .object(let members), .string(let key)?) where arguments.count <= 2:
      return members[key] ?? (arguments.count == 2 ? arguments[1] : .none)
    default: throw .unsupported("the method `\(name)`")
    }
  }
}

extension String {
  fileprivate func stripped(atStart: Bool, atEnd: Bool) -> String {
    var rest = unicodeScalars[...]
    while atStart, rest.first?.properties.isWhitespace == true { rest.removeFirst() }
    while atEnd, rest.last?.properties.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
