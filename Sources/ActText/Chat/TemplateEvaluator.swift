/// Runs a template.
struct TemplateEvaluator {
  private static let maximumOutput = 1 << 20
  private static let maximumSteps = 1_000_000
  /// Statements, expressions and calls within each other.
  private static let maximumDepth = 256

  /// What the template finds around it.
  struct Surroundings {
    /// Names of special tokens that the tokenizer's configuration does not speak of.
    var unknownTokens: Set<String> = []
    /// The time, in seconds since 1970.
    var now: () -> Int
  }

  let surroundings: Surroundings
  var scope: TemplateScope
  /// The most values that one value may have in it.
  private let maximumWeight: Int
  private var output = ""
  private var steps = 0
  private var depth = 0

  /// How statements end: at their end, or because a loop is left or begins its next turn.
  private enum Flow {
    case normal, leavesLoop, nextTurn
  }

  /// The text that `nodes` make with these variables.
  static func run(
    _ nodes: [TemplateNode], _ variables: [String: TemplateValue], _ surroundings: Surroundings
  ) throws(TemplateError) -> String {
    var evaluator = TemplateEvaluator(surroundings: surroundings, scope: TemplateScope(variables))
    _ = try evaluator.run(nodes)
    return evaluator.output
  }

  private init(surroundings: Surroundings, scope: TemplateScope) {
    self.surroundings = surroundings
    self.scope = scope
    // A template may put what it is given together in a few ways.
    let given = scope.variables.values.reduce(0) { $0 + $1.weight(limit: 1 << 24) }
    maximumWeight = max(1 << 18, 8 * given)
  }

  /// Counts a step, and what it makes: long texts and lists are many.
  mutating func step(making size: Int = 0) throws(TemplateError) {
    steps += 1 + size / 64
    guard steps <= Self.maximumSteps else { throw TemplateError("the template runs too long") }
  }

  /// Counts what it takes to go through all of a value.
  mutating func step(through value: TemplateValue) throws(TemplateError) {
    let weight = value.weight(limit: maximumWeight)
    guard weight <= maximumWeight else {
      throw TemplateError(
        "a value becomes too large, or too deep to go through")
    }
    try step(making: weight)
  }

  /// Goes one level deeper; `leave` goes back.
  mutating func enter() throws(TemplateError) {
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw TemplateError("the template nests too deeply; does a macro call itself without end?")
    }
  }

  mutating func leave() { depth -= 1 }

  private mutating func write(_ text: String) throws(TemplateError) {
    guard output.utf8.count + text.utf8.count <= Self.maximumOutput else {
      throw TemplateError("the chat becomes longer than \(Self.maximumOutput) bytes")
    }
    output += text
  }

  /// What `nodes` write, with variables of their own.
  mutating func captured(_ nodes: [TemplateNode], in inner: TemplateScope) throws(TemplateError) -> String {
    var flow = Flow.normal
    return try captured(nodes, in: inner, &flow)
  }

  private mutating func captured(
    _ nodes: [TemplateNode], in inner: TemplateScope, _ flow: inout Flow
  ) throws(TemplateError) -> String {
    let (outerOutput, outerScope) = (output, scope)
    (output, scope) = ("", inner)
    defer { (output, scope) = (outerOutput, outerScope) }
    flow = try run(nodes)
    try step(making: output.utf8.count)
    return output
  }

  private mutating func run(_ nodes: [TemplateNode]) throws(TemplateError) -> Flow {
    try enter()
    defer { leave() }
    for node in nodes {
      try step()
      let flow = try run(node)
      if flow != .normal { return flow }
    }
    return .normal
  }

  private mutating func run(_ node: TemplateNode) throws(TemplateError) -> Flow {
    switch node {
    case .text(let text): try write(text)
    case .output(let expression): try write(try value(expression).printed())
    case .condition(let branches, let otherwise): return try choose(branches, otherwise)
    case .loop(let loop): return try run(loop)
    case .set(let target, let expression): try assign(value(expression), to: target)
    case .capture(let target, let filters, let body):
      var flow = Flow.normal
      let text = try captured(body, in: TemplateScope(in: scope), &flow)
      // A loop that is left from within leaves nothing behind.
      guard flow == .normal else { return flow }
      try assign(filtered(.string(text), filters), to: target)
    case .macro(let name, let signature, let body):
      scope.variables[name] = .function(.macro(TemplateMacro(name, signature, body, scope)))
    case .call(let callee, let signature, let body):
      let caller = TemplateMacro("caller", signature, body, scope)
      try write(try call(callee, caller: caller).printed())
    case .filter(let filters, let body):
      var flow = Flow.normal
      let text = try captured(body, in: TemplateScope(in: scope), &flow)
      guard flow == .normal else { return flow }
      try write(try filtered(.string(text), filters).printed())
    case .with(let assignments, let body): return try with(assignments, body)
    case .block(let body): try write(captured(body, in: TemplateScope(in: scope)))
    case .breakLoop: return .leavesLoop
    case .continueLoop: return .nextTurn
    }
    return .normal
  }

  private mutating func choose(
    _ branches: [(condition: TemplateExpression, body: [TemplateNode])], _ otherwise: [TemplateNode]
  ) throws(TemplateError) -> Flow {
    for branch in branches {
      let isMet = try value(branch.condition).isTrue
      if isMet { return try run(branch.body) }
    }
    return try run(otherwise)
  }

  private mutating func with(
    _ assignments: [(AssignmentTarget, TemplateExpression)], _ body: [TemplateNode]
  ) throws(TemplateError) -> Flow {
    let outer = scope
    defer { scope = outer }
    let inner = TemplateScope(in: outer)
    var values: [TemplateValue] = []
    for (_, expression) in assignments { values.append(try value(expression)) }
    scope = inner
    for ((target, _), value) in zip(assignments, values) { try assign(value, to: target) }
    return try run(body)
  }

  private mutating func filtered(
    _ value: TemplateValue, _ filters: [FilterCall]
  ) throws(TemplateError) -> TemplateValue {
    var value = value
    for filter in filters { value = try apply(filter, to: value) }
    return value
  }

  private mutating func assign(_ value: TemplateValue, to target: AssignmentTarget) throws(TemplateError) {
    switch target {
    case .variable(let name): scope.variables[name] = value
    case .namespace(let name, let member):
      guard case .namespace(let space) = scope[name] else { throw TemplateError("`\(name)` is no namespace") }
      guard !member.hasPrefix("_") else { throw TemplateError("`\(member)` is no member for a template") }
      space.members[string: member] = value
    case .several(let targets):
      let values = try value.iterated()
      guard values.count == targets.count else {
        throw TemplateError("expected \(targets.count) values to set, found \(values.count)")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target) }
    }
  }

  private mutating func run(_ node: LoopNode) throws(TemplateError) -> Flow {
    let outer = scope
    defer { scope = outer }
    var values = try value(node.sequence).iterated()
    try step(making: values.count)
    if let condition = node.condition {
      var kept: [TemplateValue] = []
      for value in values {
        scope = TemplateScope(in: outer)
        try assign(value, to: node.target)
        let isKept = try self.value(condition).isTrue
        if isKept { kept.append(value) }
      }
      values = kept
    }
    let loop = TemplateLoop(values)
    // As Jinja has it, `else` runs where no turn came to its end, also because each was left before.
    var isDone = false
    for (index, value) in values.enumerated() {
      try step()
      loop.index = index
      scope = TemplateScope(["loop": .loop(loop)], in: outer)
      try assign(value, to: node.target)
      let flow = try run(node.body)
      if flow == .normal { isDone = true }
      if flow == .leavesLoop { break }
    }
    scope = TemplateScope(in: outer)
    return try isDone ? .normal : run(node.otherwise)
  }
}
