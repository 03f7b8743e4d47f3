/// The values that a function, a filter or a method is called with.
struct TemplateArguments {
  var values: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []

  var isEmpty: Bool { values.isEmpty && named.isEmpty }

  /// The values by the names of the parameters, of which the first `required` must be given; `callee` is for messages.
  func bound(
    _ callee: String, _ parameters: [String], required: Int = 0
  ) throws(TemplateError) -> BoundArguments {
    guard values.count <= parameters.count else {
      throw TemplateError("`\(callee)` takes at most \(parameters.count) arguments, found \(values.count)")
    }
    var bound = BoundArguments(callee: callee, byName: [:])
    for (name, value) in zip(parameters, values) { bound.byName[name] = value }
    for (name, value) in named {
      guard parameters.contains(name) else { throw TemplateError("`\(callee)` takes no argument `\(name)`") }
      guard bound.byName.updateValue(value, forKey: name) == nil else {
        throw TemplateError("`\(callee)`: the argument `\(name)` is given twice")
      }
    }
    for name in parameters.prefix(required) where bound.byName[name] == nil {
      throw TemplateError("`\(callee)`: the argument `\(name)` is missing")
    }
    return bound
  }

  /// Refuses arguments.
  func expectNone(_ callee: String) throws(TemplateError) { _ = try bound(callee, []) }
}

/// Arguments by the names of the parameters.
struct BoundArguments {
  let callee: String
  var byName: [String: TemplateValue]

  subscript(name: String) -> TemplateValue? { byName[name] }

  /// The argument, or nil where it is not given or none.
  func given(_ name: String) -> TemplateValue? {
    if case .some(.none) = byName[name] { nil } else { byName[name] }
  }

  func text(_ name: String) throws(TemplateError) -> String? {
    guard let value = given(name) else { return nil }
    guard let text = value.text else { throw failure(name, "a text", value) }
    return text
  }

  func integer(_ name: String) throws(TemplateError) -> Int? {
    guard let value = given(name) else { return nil }
    guard let number = value.integer else { throw failure(name, "a whole number", value) }
    return number
  }

  func isTrue(_ name: String) -> Bool { byName[name]?.isTrue ?? false }

  private func failure(_ name: String, _ expected: String, _ found: TemplateValue) -> TemplateError {
    TemplateError("`\(callee)`: expected \(expected) as `\(name)`, found \(found.kind)")
  }
}
