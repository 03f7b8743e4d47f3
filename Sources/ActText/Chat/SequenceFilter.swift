/// Filters of sequences.
enum SequenceFilter {
  typealias Value = TemplateValue
  typealias Arguments = TemplateArguments

  static func length(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("length")
    guard let length = value.length else { throw TemplateError("`length` of \(value.kind)") }
    return .int(length)
  }

  static func first(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("first")
    if case .iterator(let iterator) = value { return iterator.next() ?? .undefined }
    return try value.iterated().first ?? .undefined
  }

  static func last(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("last")
    if case .iterator = value { throw TemplateError("`last` of an iterator") }
    return try value.iterated().last ?? .undefined
  }

  static func list(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("list")
    return .list(try value.iterated())
  }

  static func reverse(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("reverse")
    if case .string(let text) = value { return .string(String(text.unicodeScalars.reversed())) }
    let values = Array(try value.iterated().reversed())
    if case .iterator = value { return .list(values) }
    return .iterator(TemplateIterator(values))
  }

  static func join(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("join", ["d", "attribute"])
    let key = try FilterKey(bound.given("attribute"))
    let separator = try bound["d"]?.printed() ?? ""
    var (text, isFirst) = ("", true)
    for element in try value.iterated() {
      if !isFirst { text += separator }
      isFirst = false
      text += try key.of(element).printed()
      guard text.utf8.count <= 16 << 20 else { throw TemplateError("`join` makes too long a text") }
    }
    return .string(text)
  }

  static func sum(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("sum", ["attribute", "start"])
    let key = try FilterKey(bound.given("attribute"))
    var sum = bound["start"] ?? .int(0)
    if sum.text != nil { throw TemplateError("`sum` of texts") }
    for element in try value.iterated() { sum = try sum.combined(.add, key.of(element)) }
    return sum
  }

  static func items(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("items")
    switch value {
    case .undefined: return .iterator(TemplateIterator([]))
    case .object(let object):
      return .iterator(TemplateIterator(object.members.map { .list([$0.key, $0.value], .tuple) }))
    default: throw TemplateError("`items` of \(value.kind)")
    }
  }

  static func batch(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("batch", ["linecount", "fill_with"], required: 1)
    guard let count = try bound.integer("linecount"), (1...1 << 16).contains(count) else {
      throw TemplateError("`batch`: expected a number from 1 to 65536 as `linecount`")
    }
    let values = try value.iterated()
    var batches: [TemplateValue] = []
    for start in stride(from: 0, to: values.count, by: count) {
      var batch = Array(values[start..<min(values.count, start + count)])
      if let fill = bound.given("fill_with") {
        batch += Array(repeating: fill, count: count - batch.count)
      }
      batches.append(.list(batch))
    }
    return .iterator(TemplateIterator(batches))
  }
}

/// Filters that go through values with another filter, or with a test.
enum SelectionFilter {
  typealias Value = TemplateValue
  typealias Arguments = TemplateArguments

  static func map(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    guard value.isTrue else { return .iterator(TemplateIterator([])) }
    var results: [TemplateValue] = []
    if arguments.values.isEmpty, arguments.named.contains(where: { $0.name == "attribute" }) {
      let bound = try arguments.bound("map", ["attribute", "default"])
      let key = try FilterKey(bound["attribute"], default: bound.given("default"))
      for element in try value.iterated() { results.append(try key.of(element)) }
    } else {
      guard let name = arguments.values.first?.text else { throw TemplateError("`map` without a filter") }
      let rest = TemplateArguments(values: Array(arguments.values.dropFirst()), named: arguments.named)
      for element in try value.iterated() {
        results.append(try TemplateFilter.apply(name, to: element, rest))
      }
    }
    return .iterator(TemplateIterator(results))
  }

  static func select(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try selected(value, arguments, byMember: false, keeps: true)
  }

  static func reject(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try selected(value, arguments, byMember: false, keeps: false)
  }

  static func selectAttribute(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try selected(value, arguments, byMember: true, keeps: true)
  }

  static func rejectAttribute(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try selected(value, arguments, byMember: true, keeps: false)
  }

  private static func selected(
    _ value: TemplateValue, _ arguments: TemplateArguments, byMember: Bool, keeps: Bool
  ) throws(TemplateError) -> TemplateValue {
    guard value.isTrue else { return .iterator(TemplateIterator([])) }
    var rest = arguments
    var member: TemplateValue?
    if byMember {
      guard let first = rest.values.first else { throw TemplateError("a selection by no member") }
      member = first
      rest.values.removeFirst()
    }
    let key = try FilterKey(member)
    var test: String?
    if let first = rest.values.first {
      guard let name = first.text else { throw TemplateError("\(first.kind) as the name of a test") }
      test = name
      rest.values.removeFirst()
    }
    var results: [TemplateValue] = []
    for element in try value.iterated() {
      let found = try key.of(element)
      let meets = try test.map { (test) throws(TemplateError) in try TemplateTest.holds(test, found, rest) }
      if (meets ?? found.isTrue) == keeps { results.append(element) }
    }
    return .iterator(TemplateIterator(results))
  }
}
