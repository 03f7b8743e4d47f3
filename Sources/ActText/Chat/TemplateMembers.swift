/// Members, items and slices of values.
extension TemplateValue {
  /// `value.name`: a method or, of a dictionary, the value of a key.
  func attribute(_ name: String) throws(TemplateError) -> TemplateValue {
    if let method = try method(named: name) { return method }
    return switch self {
    case .undefined: throw TemplateError("`.\(name)` of an undefined value")
    case .object(let object): object[string: name] ?? .undefined
    case .namespace(let space): space.members[string: name] ?? .undefined
    case .loop(let loop): loop.member(name) ?? .undefined
    case .function(.macro(let macro)) where name == "name": .string(macro.name)
    default: .undefined
    }
  }

  /// `value[key]`.
  func item(_ key: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch (self, key) {
    case (.undefined, _): throw TemplateError("an item of an undefined value")
    case (.object(let object), _):
      if let value = try object.value(of: key) { return value }
    case (.list(let values, let kind), _) where kind != .view:
      if let index = key.integer { return Self.element(values, index) ?? .undefined }
    case (.string(let text), _), (.markup(let text), _):
      if let index = key.integer {
        return Self.element(Array(text.unicodeScalars), index).map { .string(String($0)) } ?? .undefined
      }
    default: break
    }
    // What is no item may be a member.
    guard let name = key.text else { return .undefined }
    if case .object = self { return try method(named: name) ?? .undefined }
    return try attribute(name)
  }

  private static func element<T>(_ values: [T], _ index: Int) -> T? {
    let at = index < 0 ? index + values.count : index
    return values.indices.contains(at) ? values[at] : nil
  }

  /// `value[from:to:by]`.
  func slice(_ from: Int?, _ to: Int?, _ by: Int?) throws(TemplateError) -> TemplateValue {
    let step = by ?? 1
    guard step != 0 else { throw TemplateError("a slice with steps of 0") }
    func picked<T>(_ values: [T]) -> [T] {
      let count = values.count
      // Going back, the places are those from −1 to the last.
      let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
      func clamped(_ bound: Int) -> Int { min(max(bound < 0 ? bound + count : bound, low), high) }
      let start = from.map(clamped) ?? (step > 0 ? low : high)
      let end = to.map(clamped) ?? (step > 0 ? high : low)
      // A step beyond the values is as good as one of their number.
      let stride = Swift.stride(from: start, to: end, by: min(max(step, -count - 1), count + 1))
      return stride.map { values[$0] }
    }
    switch self {
    case .list(let values, let kind) where kind == .list || kind == .tuple: return .list(picked(values), kind)
    case .string(let text): return .string(String(picked(Array(text.unicodeScalars))))
    case .markup(let text): return .markup(String(picked(Array(text.unicodeScalars))))
    case .list(_, .range): throw .unsupported("a slice of a range")
    default: throw TemplateError("a slice of \(kind)")
    }
  }

  /// The method `name`, or nil where Python has none.
  private func method(named name: String) throws(TemplateError) -> TemplateValue? {
    let (known, changing, unsupported): (Set<String>, Set<String>, Set<String>)
    switch self {
    case .string, .markup:
      (known, changing, unsupported) = (TextMethod.names, [], TextMethod.unsupported)
    case .list(_, .list):
      (known, changing, unsupported) = (
        ["index", "count"],
        ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"], ["copy"]
      )
    case .list(_, .tuple), .list(_, .range): (known, changing, unsupported) = (["index", "count"], [], [])
    case .object:
      (known, changing, unsupported) = (
        ["get", "items", "keys", "values", "copy"], ["clear", "pop", "popitem", "setdefault", "update"], []
      )
    case .loop: (known, changing, unsupported) = (["cycle", "changed"], [], [])
    case .int, .float, .bool:
      (known, changing, unsupported) = (
        [], [],
        [
          "real", "imag", "numerator", "denominator", "is_integer", "bit_length", "conjugate", "hex",
          "as_integer_ratio", "to_bytes",
        ]
      )
    default: (known, changing, unsupported) = ([], [], [])
    }
    if known.contains(name) { return .function(.method(self, name)) }
    if changing.contains(name) { throw TemplateError("`\(name)` changes \(kind), which a template may not") }
    if unsupported.contains(name) { throw .unsupported("`.\(name)` of \(kind)") }
    return nil
  }

  /// The result of the method `name`, one of those that `method(named:)` gives.
  func call(_ name: String, _ arguments: TemplateArguments) throws(TemplateError) -> TemplateValue {
    switch self {
    case .string(let text): return try TextMethod.call(name, text, arguments)
    case .markup: throw .unsupported("`.\(name)` of text that is marked as safe")
    case .list(let values, _): return try Self.listMethod(name, values, arguments)
    case .object(let object): return try Self.objectMethod(name, object, arguments)
    case .loop(let loop): return try Self.loopMethod(name, loop, arguments)
    default: throw TemplateError("`\(name)` of \(kind)")
    }
  }

  private static func listMethod(
    _ name: String, _ values: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound(name, ["value"], required: 1)
    let wanted = bound["value"] ?? .none
    var places: [Int] = []
    for (index, value) in values.enumerated() where try value.equals(wanted) { places.append(index) }
    if name == "count" { return .int(places.count) }
    guard let place = places.first else { throw TemplateError("`index`: the value is not in the list") }
    return .int(place)
  }

  private static func objectMethod(
    _ name: String, _ object: TemplateObject, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    if name == "get" {
      // Python takes no names here.
      guard arguments.named.isEmpty else { throw TemplateError("`get` takes no named arguments") }
      let bound = try arguments.bound(name, ["key", "default"], required: 1)
      return try object.value(of: bound["key"] ?? .none) ?? bound["default"] ?? .none
    }
    try arguments.expectNone(name)
    return switch name {
    case "items": .list(object.members.map { .list([$0.key, $0.value], .tuple) }, .view)
    case "keys": .list(object.members.map(\.key), .view)
    case "values": .list(object.members.map(\.value), .view)
    default: .object(object)
    }
  }

  private static func loopMethod(
    _ name: String, _ loop: TemplateLoop, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    guard arguments.named.isEmpty else { throw TemplateError("`\(name)` takes no named arguments") }
    if name == "cycle" {
      guard !arguments.values.isEmpty else { throw TemplateError("`cycle` of nothing") }
      return arguments.values[loop.index % arguments.values.count]
    }
    var isSame = loop.changes?.count == arguments.values.count
    for (old, new) in zip(loop.changes ?? [], arguments.values) where isSame { isSame = try old.equals(new) }
    loop.changes = arguments.values
    return .bool(!isSame)
  }
}
