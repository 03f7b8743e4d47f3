/// Filters that compare values. Without `case_sensitive` they compare texts in lower case.
enum SortFilter {
  typealias Value = TemplateValue
  typealias Arguments = TemplateArguments

  static func sort(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("sort", ["reverse", "case_sensitive", "attribute"])
    let keys = try sortKeys(bound)
    var elements: [(key: TemplateValue, value: TemplateValue)] = []
    for element in try value.iterated() {
      var parts: [TemplateValue] = []
      for key in keys { parts.append(try key.of(element)) }
      elements.append((.list(parts), element))
    }
    return .list(try sorted(elements, isReversed: bound.isTrue("reverse")).map(\.value))
  }

  /// The keys that `attribute` names, with commas between them.
  private static func sortKeys(_ bound: BoundArguments) throws(TemplateError) -> [FilterKey] {
    let ignoresCase = !bound.isTrue("case_sensitive")
    guard let attribute = bound.given("attribute") else {
      return [try FilterKey(nil, ignoresCase: ignoresCase)]
    }
    guard case .string(let text) = attribute else {
      return [try FilterKey(attribute, ignoresCase: ignoresCase)]
    }
    var keys: [FilterKey] = []
    for part in text.parts(at: ",", limit: .max, fromEnd: false) {
      keys.append(try FilterKey(.string(part), ignoresCase: ignoresCase))
    }
    return keys
  }

  static func dictsort(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("dictsort", ["case_sensitive", "by", "reverse"])
    guard case .object(let object) = value else { throw TemplateError("`dictsort` of \(value.kind)") }
    let by = try bound.text("by") ?? "key"
    guard by == "key" || by == "value" else {
      throw TemplateError("`dictsort`: expected key or value as `by`, found `\(by)`")
    }
    let key = try FilterKey(nil, ignoresCase: !bound.isTrue("case_sensitive"))
    var elements: [(key: TemplateValue, value: TemplateValue)] = []
    for member in object.members {
      let item = TemplateValue.list([member.key, member.value], .tuple)
      elements.append((try key.of(by == "key" ? member.key : member.value), item))
    }
    return .list(try sorted(elements, isReversed: bound.isTrue("reverse")).map(\.value))
  }

  static func unique(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("unique", ["case_sensitive", "attribute"])
    let key = try FilterKey(bound.given("attribute"), ignoresCase: !bound.isTrue("case_sensitive"))
    var seen: Set<TemplateKey> = []
    var results: [TemplateValue] = []
    for element in try value.iterated() where seen.insert(try TemplateKey(key.of(element))).inserted {
      results.append(element)
    }
    return .iterator(TemplateIterator(results))
  }

  static func min(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try extreme("min", value, arguments) { one, two throws(TemplateError) in try one.precedes(two) }
  }

  static func max(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try extreme("max", value, arguments) { one, two throws(TemplateError) in try two.precedes(one) }
  }

  private static func extreme(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments,
    _ isBetter: (TemplateValue, TemplateValue) throws(TemplateError) -> Bool
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound(name, ["case_sensitive", "attribute"])
    let key = try FilterKey(bound.given("attribute"), ignoresCase: !bound.isTrue("case_sensitive"))
    var best: (key: TemplateValue, value: TemplateValue)?
    for element in try value.iterated() {
      let found = try key.of(element)
      guard let current = best else {
        best = (found, element)
        continue
      }
      if try isBetter(found, current.key) { best = (found, element) }
    }
    return best?.value ?? .undefined
  }

  /// Sorted by the keys; equal ones stay in their order.
  private static func sorted(
    _ elements: [(key: TemplateValue, value: TemplateValue)], isReversed: Bool
  ) throws(TemplateError) -> [(key: TemplateValue, value: TemplateValue)] {
    guard elements.count > 1 else { return elements }
    let middle = elements.count / 2
    let left = try sorted(Array(elements[..<middle]), isReversed: isReversed)
    let right = try sorted(Array(elements[middle...]), isReversed: isReversed)
    var merged: [(key: TemplateValue, value: TemplateValue)] = []
    merged.reserveCapacity(elements.count)
    var (i, j) = (0, 0)
    while i < left.count, j < right.count {
      let takesRight =
        try isReversed ? left[i].key.precedes(right[j].key) : right[j].key.precedes(left[i].key)
      merged.append(takesRight ? right[j] : left[i])
      if takesRight { j += 1 } else { i += 1 }
    }
    return merged + left[i...] + right[j...]
  }
}
