/// What statements assign to.
extension ExpressionParser {
  /// What a `set`, a `for` or a `with` assigns to.
  mutating func target(allowsNamespace: Bool = false) throws(TemplateError) -> AssignmentTarget {
    let first = try oneTarget(allowsNamespace)
    guard isNext(.symbol(",")) else { return first }
    var targets = [first]
    while take(",") {
      if isNextName("in") || isNext(.symbol("=")) || isNext(.symbol(")")) { break }
      targets.append(try oneTarget(allowsNamespace))
    }
    return .several(targets)
  }

  private mutating func oneTarget(_ allowsNamespace: Bool) throws(TemplateError) -> AssignmentTarget {
    if take("(") {
      let inner = try nested { parser throws(TemplateError) in
        try parser.target(allowsNamespace: allowsNamespace)
      }
      try expect(")")
      return inner
    }
    let name = try takeName()
    guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
      throw TemplateError("`\(name)` cannot be set")
    }
    guard isNext(.symbol(".")) else { return .variable(name) }
    guard allowsNamespace else { throw TemplateError("a member cannot be set here") }
    at += 1
    return .namespace(name, member: try takeName())
  }

  /// The parameters of a macro, after its `(`.
  mutating func signature() throws(TemplateError) -> MacroSignature {
    var signature = MacroSignature()
    _ = try several(until: ")") { parser throws(TemplateError) in
      let name = try parser.takeName()
      let fallback = parser.take("=") ? try parser.expression() : nil
      guard fallback != nil || signature.parameters.last?.default == nil else {
        throw TemplateError("the parameter `\(name)` without a default after one that has it")
      }
      signature.parameters.append((name, fallback))
    }
    return signature
  }
}
