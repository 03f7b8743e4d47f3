/// Runs a template.
struct TemplateEvaluator {
  private static let maximumOutput = 1 << 20
  private static let maximumSteps = 1_000_000

  private var scopes: [[String: TemplateValue]]
  private var output = ""
  private var steps = 0

  /// The text that `nodes` make with these variables.
  static func run(
    _ nodes: [TemplateNode], _ variables: [String: TemplateValue]
  ) throws(TemplateError) -> String {
    var evaluator = TemplateEvaluator(scopes: [variables])
    try evaluator.run(nodes)
    return evaluator.output
  }

  private init(scopes: [[String: TemplateValue]]) { self.scopes = scopes }

  private mutating func step() throws(TemplateError) {
    steps += 1
    guard steps <= Self.maximumSteps else { throw TemplateError("the template runs too long") }
  }

  private mutating func write(_ text: String) throws(TemplateError) {
    guard output.utf8.count + text.utf8.count <= Self.maximumOutput else {
      throw TemplateError("the chat becomes longer than \(Self.maximumOutput) bytes")
    }
    output += text
  }

  private mutating func run(_ nodes: [TemplateNode]) throws(TemplateError) {
    for node in nodes {
      try step()
      switch node {
      case .text(let text): try write(text)
      case .output(let expression): try write(try value(expression).printed())
      case .condition(let branches, let otherwise):
        var chosen = otherwise
        for branch in branches {
          let isMet = try value(branch.condition).isTrue
          if isMet {
            chosen = branch.body
            break
          }
        }
        try run(chosen)
      case .loop(let variable, let sequence, let body): try loop(variable, try value(sequence), body)
      case .set(let name, let member, let expression):
        let value = try value(expression)
        guard let member else {
          scopes[scopes.count - 1][name] = value
          continue
        }
        guard case .namespace(let space) = variable(name) else {
          throw TemplateError("`\(name)` is no namespace")
        }
        space.members[member] = value
      }
    }
  }

  private mutating func loop(
    _ variable: String, _ sequence: TemplateValue, _ body: [TemplateNode]
  ) throws(TemplateError) {
    guard case .list(let values) = sequence else { throw .unsupported("a loop over what is no list") }
    for (index, value) in values.enumerated() {
      try step()
      scopes.append([
        variable: value,
        "loop": .object([
          "index": .int(index + 1), "index0": .int(index), "first": .bool(index == 0),
          "last": .bool(index == values.count - 1), "length": .int(values.count),
          "revindex": .int(values.count - index), "revindex0": .int(values.count - index - 1),
        ]),
      ])
      defer { scopes.removeLast() }
      try run(body)
    }
  }

  private func variable(_ name: String) -> TemplateValue {
    for scope in scopes.reversed() { if let value = scope[name] { return value } }
    return .undefined
  }

  private mutating func values(_ expressions: [TemplateExpression]) throws(TemplateError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try value(expression)) }
    return values
  }

  private mutating func value(_ expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
    try step()
    switch expression {
    case .literal(let value): return value
    case .variable(let name):
      // Other tokens of the tokenizer's that a template may ask for; undefined, they would print as nothing.
      if name.hasSuffix("_token"), case .undefined = variable(name) {
        throw .unsupported("the variable `\(name)`")
      }
      return variable(name)
    case .list(let expressions): return .list(try values(expressions))
    case .member(let object, let key): return try value(object).member(try value(key))
    case .slice(let object, let from, let to):
      var bounds: [Int?] = []
      for bound in [from, to] {
        guard let bound else {
          bounds.append(nil)
          continue
        }
        guard case .int(let number) = try value(bound) else { throw TemplateError("a slice of no number") }
        bounds.append(number)
      }
      return try value(object).slice(bounds[0], bounds[1])
    case .call(let name, let arguments, let named): return try call(name, arguments, named)
    case .method(let object, let name, let arguments):
      return try value(object).method(name, try values(arguments))
    case .filter(let object, let name, let arguments):
      return try value(object).filtered(name, try values(arguments))
    case .test(let object, let name): return .bool(try value(object).meets(name))
    case .not(let inner): return .bool(try !value(inner).isTrue)
    case .negative(let inner):
      guard case .int(let number) = try value(inner) else { throw TemplateError("`-` of no number") }
      return try TemplateValue.int(0).combined("-", .int(number))
    case .and(let left, let right):
      let left = try value(left)
      return left.isTrue ? try value(right) : left
    case .or(let left, let right):
      let left = try value(left)
      return left.isTrue ? left : try value(right)
    case .binary(let symbol, let left, let right): return try value(left).combined(symbol, try value(right))
    case .choice(let condition, let then, let otherwise):
      if try value(condition).isTrue { return try value(then) }
      return try otherwise.map { (other) throws(TemplateError) in try value(other) } ?? .undefined
    }
  }

  private mutating func call(
    _ name: String, _ arguments: [TemplateExpression], _ named: [(String, TemplateExpression)]
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "namespace" where arguments.isEmpty:
      var members: [String: TemplateValue] = [:]
      for (name, expression) in named { members[name] = try value(expression) }
      return .namespace(TemplateNamespace(members))
    case "raise_exception" where arguments.count == 1 && named.isEmpty:
      throw TemplateError("the template refuses the chat: \(try value(arguments[0]).printed())")
    default: throw .unsupported("the function `\(name)`")
    }
  }
}
