import ActIR

// The text form of a plan: the graph's line for every value, and after it the value's place.
//
//     plan @llama {
//       limit T = 512
//       context = 2048
//       arena = 9437184, bound = 9437184
//       slot = 128
//       prompt = 4096
//       wire x = latents from @encoder
//       wire text = states from @first, states from @second then zeros 256
//       constants {
//         %w = weight {name = "lm_head.weight"} : bf16[49152,576]
//       }
//       call {
//         %tokens = input {name = "tokens", role = token} : i32[T]
//       }
//       set {
//         %football = dial {name = "football"} : f32[] @slot+0
//       }
//       prompt {
//         %keys = linear %text, %k : f32[T,576] @prompt+0
//       }
//       step {
//         %h = embedding %w, %tokens : f32[T,576] @arena+0
//         %g = slice %m {start = 0, count = 8} : f32[T,8] @view
//         %n = rms_norm %h, %gain : f32[T,576] @over+0
//         %logits = linear %n, %w : f32[R,49152] @result
//       }
//       return logits = %logits
//     }
//
// A plan in which nothing is of the prompt has neither the line nor the section of that name.

extension Plan: CustomStringConvertible {
  package var description: String {
    var text = "plan @\(name) {\n"
    for limit in limits { text += "  limit \(limit.symbol) = \(limit.value)\n" }
    text += "  context = \(contextLength)\n"
    text += "  arena = \(arenaByteCount), bound = \(arenaBound)\n"
    text += "  slot = \(slotByteCount)\n"
    if !prompt.isEmpty { text += "  prompt = \(promptByteCount)\n" }
    for wire in wires { text += "  \(wire.text)\n" }
    let firstCall = values.indices.first { values[$0].place == .call } ?? set.lowerBound
    text += section("constants", 0..<firstCall)
    text += section("call", firstCall..<set.lowerBound)
    text += section("set", set)
    if !prompt.isEmpty { text += section("prompt", prompt) }
    text += section("step", step)
    let returned = results.map { result in
      let value = values[result.value].name
      return value == result.name ? "%\(value)" : "\(result.name) = %\(value)"
    }
    return text + "  return \(returned.joined(separator: ", "))\n}\n"
  }

  private func section(_ title: String, _ range: Range<Int>) -> String {
    var text = "  \(title) {\n"
    for value in values[range] { text += "    " + line(value) + "\n" }
    return text + "  }\n"
  }

  /// One value as a line of text, without its end.
  package func line(_ value: Value) -> String {
    let node = Node(
      value.op, value.inputs.map { ValueID(index: $0) }, value.type, name: value.name, site: value.site)
    let text = node.text(name: value.name) { values[$0.index].name }
    return text + (value.place.text.map { " @\($0)" } ?? "")
  }
}

extension Plan.Place {
  var text: String? {
    switch self {
    case .constant, .call: nil
    case .slot(let offset): "slot+\(offset)"
    case .prompt(let offset): "prompt+\(offset)"
    case .arena(let offset): "arena+\(offset)"
    case .view: "view"
    case .cache: "cache"
    case .over(let operand): "over+\(operand)"
    case .result: "result"
    }
  }
}

extension Plan {
  private static let mostLimits = 16
  private static let mostModules = 16
  private static let mostWires = 64

  /// Parses the text form; ``description`` is its inverse. The plan is not yet safe to run: see ``verify()``.
  package init(parsing text: String) throws(ParseError) {
    var lexer = try Lexer(text)
    try self.init(from: &lexer)
    guard lexer.token == .end else { throw lexer.failure("text after the end of the plan") }
  }

  /// Parses plans one after another: the modules of a plan file, whose names differ.
  package static func parseModules(_ text: String) throws(ParseError) -> [Plan] {
    var lexer = try Lexer(text)
    var modules: [Plan] = []
    repeat {
      let module = try Plan(from: &lexer)
      guard !modules.contains(where: { $0.name == module.name }) else {
        throw lexer.failure("two modules are named @\(module.name)")
      }
      modules.append(module)
      guard modules.count <= mostModules else { throw lexer.failure("more than \(mostModules) modules") }
    } while lexer.token != .end
    return modules
  }

  private init(from lexer: inout Lexer) throws(ParseError) {
    guard try lexer.acceptWord("plan") else { throw lexer.failure("expected `plan`") }
    self.init(name: try lexer.symbol("`@name`"))
    try lexer.expect("{")
    while try lexer.acceptWord("limit") {
      let symbol = try lexer.dimensionSymbol()
      try lexer.expect("=")
      let value = try lexer.int("a number")
      guard limit(symbol) == nil, value > 0 else {
        throw lexer.failure("expected one limit above 0 for \(symbol)")
      }
      guard limits.count < Self.mostLimits else { throw lexer.failure("more than \(Self.mostLimits) limits") }
      limits.append(Limit(symbol: symbol, value: value))
    }
    func number(_ key: String) throws(ParseError) -> Int {
      guard try lexer.acceptWord(key) else { throw lexer.failure("expected `\(key)`") }
      try lexer.expect("=")
      return try lexer.int("a number")
    }
    contextLength = try number("context")
    arenaByteCount = try number("arena")
    try lexer.expect(",")
    arenaBound = try number("bound")
    slotByteCount = try number("slot")
    let hasPrompt = try lexer.acceptWord("prompt")
    if hasPrompt {
      try lexer.expect("=")
      promptByteCount = try lexer.int("a number")
    }
    while try lexer.acceptWord("wire") {
      wires.append(try Wire(from: &lexer))
      guard wires.count <= Self.mostWires else { throw lexer.failure("more than \(Self.mostWires) wires") }
    }

    var indices: [String: Int] = [:]
    func section(_ title: String, _ place: Place?) throws(ParseError) -> Range<Int> {
      guard try lexer.acceptWord(title) else { throw lexer.failure("expected `\(title)`") }
      try lexer.expect("{")
      let start = values.count
      while try !lexer.accept("}") {
        let line = lexer.line
        let statement = try NodeStatement(from: &lexer)
        var inputs: [Int] = []
        for operand in statement.operands {
          guard let index = indices[operand] else {
            throw ParseError(line: line, problem: "undefined value %\(operand)")
          }
          inputs.append(index)
        }
        guard indices.updateValue(values.count, forKey: statement.name) == nil else {
          throw ParseError(line: line, problem: "%\(statement.name) defined twice")
        }
        var value = Value(
          name: statement.name, op: statement.op, inputs: inputs, type: statement.type, site: statement.site,
          place: .constant)
        if let place { value.place = place } else { value.place = try Place(from: &lexer) }
        values.append(value)
      }
      return start..<values.count
    }
    _ = try section("constants", .constant)
    _ = try section("call", .call)
    set = try section("set", nil)
    prompt = try hasPrompt ? section("prompt", nil) : values.count..<values.count
    step = try section("step", nil)

    guard try lexer.acceptWord("return") else { throw lexer.failure("expected `return`") }
    repeat {
      var name: String?
      if case .word(let text) = lexer.token {
        name = text
        try lexer.advance()
        try lexer.expect("=")
      }
      let value = try lexer.value()
      guard let index = indices[value] else { throw lexer.failure("undefined value %\(value)") }
      results.append(Result(name: name ?? value, value: index))
    } while try lexer.accept(",")
    try lexer.expect("}")
  }
}

extension Plan.Place {
  fileprivate init(from lexer: inout Lexer) throws(ParseError) {
    let kind = try lexer.symbol("a place: @arena, @cache, @slot, @prompt, @view, @over or @result")
    func offset() throws(ParseError) -> Int {
      try lexer.expect("+")
      return try lexer.int("an offset")
    }
    switch kind {
    case "arena": self = .arena(try offset())
    case "slot": self = .slot(try offset())
    case "prompt": self = .prompt(try offset())
    case "over": self = .over(operand: try offset())
    case "cache": self = .cache
    case "view": self = .view
    case "result": self = .result
    default: throw lexer.failure("unknown place `@\(kind)`")
    }
  }
}
