/// The tests of templates, by name.
enum TemplateTest {
  private static let comparisons: [String: ComparisonOperator] = [
    "==": .equal, "eq": .equal, "equalto": .equal, "!=": .notEqual, "ne": .notEqual, "<": .less, "lt": .less,
    "lessthan": .less, "<=": .lessOrEqual, "le": .lessOrEqual, ">": .greater, "gt": .greater,
    "greaterthan": .greater, ">=": .greaterOrEqual, "ge": .greaterOrEqual, "in": .isIn,
  ]

  static func holds(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateError) -> Bool {
    if let sign = comparisons[name] {
      return try value.compared(sign, arguments.bound(name, ["other"], required: 1)["other"] ?? .none)
    }
    switch name {
    case "divisibleby":
      let divisor = try arguments.bound(name, ["num"], required: 1)["num"] ?? .none
      return try remainder(value, divisor, name).equals(.int(0))
    case "sameas": return try isSame(value, arguments.bound(name, ["other"], required: 1)["other"] ?? .none)
    default:
      guard let holds = try plain(name, value) else { throw .unsupported("the test `\(name)`") }
      try arguments.expectNone(name)
      return holds
    }
  }

  private static func plain(_ name: String, _ value: TemplateValue) throws(TemplateError) -> Bool? {
    switch name {
    case "defined": if case .undefined = value { false } else { true }
    case "undefined": if case .undefined = value { true } else { false }
    case "none": if case .none = value { true } else { false }
    case "boolean": if case .bool = value { true } else { false }
    case "true": if case .bool(true) = value { true } else { false }
    case "false": if case .bool(false) = value { true } else { false }
    case "integer": if case .int = value { true } else { false }
    case "float": if case .float = value { true } else { false }
    case "number": value.number != nil
    case "string": value.text != nil
    case "mapping": if case .object = value { true } else { false }
    case "escaped": if case .markup = value { true } else { false }
    case "iterable": isIterable(value)
    case "sequence": isSequence(value)
    case "callable": isCallable(value)
    case "odd": try remainder(value, .int(2), name).equals(.int(1))
    case "even": try remainder(value, .int(2), name).equals(.int(0))
    case "lower", "upper":
      try TextMethod.call("is" + name, value.printed(), TemplateArguments()).isTrue
    case "filter", "test": try isKnown(name, value)
    default: nil
    }
  }

  private static func isIterable(_ value: TemplateValue) -> Bool {
    switch value {
    case .undefined, .string, .markup, .list, .object, .iterator, .loop: true
    case .none, .bool, .int, .float, .namespace, .function: false
    }
  }

  private static func isSequence(_ value: TemplateValue) -> Bool {
    switch value {
    case .undefined, .string, .markup, .object: true
    case .list(_, let kind): kind != .view
    case .none, .bool, .int, .float, .namespace, .iterator, .loop, .function: false
    }
  }

  private static func isCallable(_ value: TemplateValue) -> Bool {
    switch value {
    case .undefined, .function, .loop: true
    default: false
    }
  }

  private static func remainder(
    _ value: TemplateValue, _ divisor: TemplateValue, _ name: String
  ) throws(TemplateError) -> TemplateValue {
    guard value.number != nil else { throw TemplateError("the test `\(name)` of \(value.kind)") }
    return try value.combined(.remainder, divisor)
  }

  /// Whether two values are one object; of numbers and texts Python does not promise it.
  private static func isSame(_ value: TemplateValue, _ other: TemplateValue) throws(TemplateError) -> Bool {
    switch (value, other) {
    case (.none, .none): return true
    case (.bool(let first), .bool(let second)): return first == second
    case (.none, _), (_, .none), (.bool, _), (_, .bool): return false
    default: throw .unsupported("the test `sameas` of \(value.kind) and \(other.kind)")
    }
  }

  /// Whether there is a filter or a test of this name; those of Jinja's that are not known here make no answer.
  private static func isKnown(_ kind: String, _ value: TemplateValue) throws(TemplateError) -> Bool {
    guard let name = value.text else { return false }
    if kind == "filter", TemplateFilter.isKnown(name) { return true }
    throw .unsupported("the test `\(kind)` of `\(name)`")
  }
}
