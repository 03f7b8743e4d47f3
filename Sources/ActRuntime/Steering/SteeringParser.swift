import ActErrors

/// Reads what is asked of a map, after `NAME=`:
///
///     value     = strengths [ "until" COUNT ] [ "when" condition ]
///     strengths = NUMBER | NUMBER ":" NUMBER ":" NUMBER | NUMBER ( "->" | "→" ) NUMBER "over" COUNT
///     condition = all { "or" all }        all = part { "and" part }
///     part      = "not" part | "(" condition ")" | test
///     test      = ( "cos" | "last" | "mean" | "max" | "min" ) "(" NAME ")" ( ">" | ">=" | "<" | "<=" ) NUMBER
struct SteeringParser {
  private var lexer: SteeringLexer
  /// How deep the next part of a condition stands, and how many tests came before it.
  private var (depth, testCount) = (0, 0)

  /// Conditions of more are taken for damaged.
  private static let (mostTests, mostDepth) = (64, 32)

  init(_ text: String) throws(SteeringExpression.Malformed) { lexer = try SteeringLexer(text) }

  /// The terms of an expression, which commas join.
  mutating func terms() throws(SteeringExpression.Malformed) -> [SteeringExpression.Term] {
    var terms: [SteeringExpression.Term] = []
    repeat {
      let form = "NAME=STRENGTH, as in `football=0.5`"
      let name = try lexer.name(form)
      guard !terms.contains(where: { $0.name == name }) else {
        throw lexer.failure("`\(name)` given twice")
      }
      guard try lexer.accept("=") else { throw lexer.expected(form) }
      let (schedules, condition) = try value()
      terms.append(SteeringExpression.Term(name: name, schedules: schedules, condition: condition))
    } while try lexer.accept(",")
    guard lexer.token == .end else { throw lexer.expected("`,`, `until`, `when` or the end") }
    return terms
  }

  /// One map's part alone, without a range.
  mutating func term() throws(SteeringExpression.Malformed) -> Steering.Term {
    let (schedules, condition) = try value()
    guard lexer.token == .end, schedules.count == 1 else { throw lexer.expected("one strength and the end") }
    return Steering.Term(schedules[0], when: condition)
  }

  private mutating func value() throws(SteeringExpression.Malformed) -> (
    [StrengthSchedule], SteeringCondition?
  ) {
    var schedules = try strengths()
    if try lexer.accept("until") {
      let end = try lexer.count("a number of generated tokens")
      for index in schedules.indices { schedules[index].end = end }
    }
    guard try lexer.accept("when") else { return (schedules, nil) }
    let condition = try condition()
    let most = SteeringCondition.mostPromptTests
    guard condition.promptTests.count <= most else {
      throw lexer.failure(
        "expected at most \(most) tests of the prompt, found \(condition.promptTests.count)")
    }
    guard condition.outcomes != nil else {
      throw lexer.failure(
        "`or` cannot join tests of each token, as in `A or B`; compile the map under two names, and give one "
          + "`when A` and the other `when B and not A`")
    }
    return (schedules, condition)
  }

  private mutating func strength() throws(SteeringExpression.Malformed) -> Float {
    let place = lexer
    let value = try lexer.number("a strength or FIRST:LAST:STEP")
    guard Float(value).isFinite else { throw place.expected("a strength") }
    return Float(value)
  }

  private mutating func strengths() throws(SteeringExpression.Malformed) -> [StrengthSchedule] {
    let start = lexer
    let first = try strength()
    if try lexer.accept("->") {
      let last = try strength()
      guard try lexer.accept("over") else { throw lexer.expected("`over` and a number of generated tokens") }
      return [StrengthSchedule(first, to: last, over: try lexer.count("a number of generated tokens"))]
    }
    guard try lexer.accept(":") else { return [StrengthSchedule(first)] }
    var bounds = start
    let low = try bounds.number("FIRST")
    let high = try lexer.number("LAST of FIRST:LAST:STEP")
    try lexer.expect(":")
    let step = try lexer.number("STEP of FIRST:LAST:STEP")
    guard step > 0, low <= high, (high - low) / step <= Double(SteeringExpression.mostSteps),
      Float(high).isFinite
    else {
      throw start.failure(
        "expected FIRST:LAST:STEP, rising, of at most \(SteeringExpression.mostSteps) steps")
    }
    // A little beyond the end, so that rounding does not lose the last step.
    let count = Int((high - low) / step + 1e-6)
    return (0...count).map { StrengthSchedule(Float(low + Double($0) * step)) }
  }

  private mutating func condition() throws(SteeringExpression.Malformed) -> SteeringCondition {
    var condition = try conjunction()
    while try lexer.accept("or") { condition = .or(condition, try conjunction()) }
    return condition
  }

  private mutating func conjunction() throws(SteeringExpression.Malformed) -> SteeringCondition {
    var condition = try part()
    while try lexer.accept("and") { condition = .and(condition, try part()) }
    return condition
  }

  private mutating func part() throws(SteeringExpression.Malformed) -> SteeringCondition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.mostDepth else {
      throw lexer.failure("expected at most \(Self.mostDepth) parentheses and `not`s in each other")
    }
    if try lexer.accept("not") { return .not(try part()) }
    if try lexer.accept("(") {
      let condition = try condition()
      try lexer.expect(")")
      return condition
    }
    return .test(try test())
  }

  private mutating func test() throws(SteeringExpression.Malformed) -> ScoreTest {
    testCount += 1
    guard testCount <= Self.mostTests else {
      throw lexer.failure("expected at most \(Self.mostTests) tests")
    }
    let subjects = ScoreTest.Subject.allCases.map(\.rawValue).joined(separator: ", ")
    guard case .word(let word) = lexer.token, let subject = ScoreTest.Subject(rawValue: word) else {
      throw lexer.expected("a test such as `cos(NAME) > 0.3`, of \(subjects)")
    }
    try lexer.advance()
    try lexer.expect("(")
    let name = try lexer.name("the name of a score")
    try lexer.expect(")")
    guard case .sign(let sign) = lexer.token, let comparison = ScoreTest.Comparison(rawValue: sign) else {
      throw lexer.expected(
        ScoreTest.Comparison.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ") + " and a number")
    }
    try lexer.advance()
    return ScoreTest(subject, of: name, comparison, try lexer.number("a number"))
  }
}
