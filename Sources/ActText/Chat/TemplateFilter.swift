/// The filters of templates, by name.
enum TemplateFilter {
  private typealias Function =
    @Sendable (TemplateValue, TemplateArguments) throws(TemplateError) -> TemplateValue

  static var names: [String] { functions.keys.sorted() }

  static func isKnown(_ name: String) -> Bool { functions[name] != nil }

  static func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    guard let function = functions[name] else { throw .unsupported("the filter `\(name)`") }
    return try function(value, arguments)
  }

  private static let functions: [String: Function] = [
    "abs": NumberFilter.abs, "batch": SequenceFilter.batch, "capitalize": TextFilter.capitalize,
    "center": TextFilter.center, "count": SequenceFilter.length, "d": defaulted, "default": defaulted,
    "dictsort": SortFilter.dictsort, "e": TextFilter.escape, "escape": TextFilter.escape,
    "first": SequenceFilter.first, "float": NumberFilter.float, "forceescape": TextFilter.escapeAgain,
    "format": TextFilter.format, "indent": TextFilter.indent, "int": NumberFilter.int,
    "items": SequenceFilter.items, "join": SequenceFilter.join, "last": SequenceFilter.last,
    "length": SequenceFilter.length, "list": SequenceFilter.list, "lower": TextFilter.lower,
    "map": SelectionFilter.map, "max": SortFilter.max, "min": SortFilter.min,
    "reject": SelectionFilter.reject, "rejectattr": SelectionFilter.rejectAttribute,
    "replace": TextFilter.replace, "reverse": SequenceFilter.reverse, "round": NumberFilter.round,
    "safe": TextFilter.safe, "select": SelectionFilter.select,
    "selectattr": SelectionFilter.selectAttribute, "sort": SortFilter.sort, "string": TextFilter.string,
    "sum": SequenceFilter.sum, "title": TextFilter.title, "tojson": tojson, "trim": TextFilter.trim,
    "truncate": TextFilter.truncate, "unique": SortFilter.unique, "upper": TextFilter.upper,
    "wordcount": TextFilter.wordcount,
  ]

  private static func defaulted(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound("default", ["default_value", "boolean"])
    if case .undefined = value { return bound["default_value"] ?? .string("") }
    return bound.isTrue("boolean") && !value.isTrue ? bound["default_value"] ?? .string("") : value
  }

  private static func tojson(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    .string(try TemplateJSON.text(value, arguments))
  }
}

/// What filters look at in each of several values: itself, or a member, such as `a`, `a.b`, `0` or `a.0`.
struct FilterKey {
  private let path: [TemplateValue]
  private let fallback: TemplateValue?
  private let ignoresCase: Bool

  /// The key that looks at the member `attribute`, or at the value itself where it is nil; `fallback` stands for a member
  /// that is not there, and `ignoresCase` lowers texts.
  init(
    _ attribute: TemplateValue?, default fallback: TemplateValue? = nil, ignoresCase: Bool = false
  ) throws(TemplateError) {
    self.fallback = fallback
    self.ignoresCase = ignoresCase
    switch attribute {
    case nil: path = []
    case .int(let index)?: path = [.int(index)]
    case .string(let text)?:
      path = text.parts(at: ".", limit: .max, fromEnd: false).map { part in
        !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
          ? Int(part).map { .int($0) } ?? .string(part) : .string(part)
      }
    case let other?: throw TemplateError("\(other.kind) as the name of a member")
    }
  }

  func of(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    var value = value
    for part in path {
      value = try value.item(part)
      if case .undefined = value, let fallback { value = fallback }
    }
    if ignoresCase, case .string(let text) = value { return .string(text.pythonLower) }
    return value
  }
}
