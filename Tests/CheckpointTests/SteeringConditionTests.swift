import ActIR
import ActRuntime
import Testing

/// What stands after `NAME=` in an expression: changing strengths and conditions.
@Suite struct SteeringConditionTests {
  private func term(_ text: String) throws -> Steering.Term { try Steering.Term(parsing: text) }

  @Test(arguments: [
    ("1 until 16", "1 until 16"), ("0->1 over 32", "0->1 over 32"), ("0→1 over 32", "0->1 over 32"),
    ("0 → 1  over 32 until 64", "0->1 over 32 until 64"), ("-0.5->2e-1 over 1", "-0.5->0.2 over 1"),
    ("1 when cos(hate)>0.3", "1 when cos(hate) > 0.3"),
    ("0.8 when cos(hate) > 0.3 and not max(code) > 0.5", "0.8 when cos(hate) > 0.3 and not max(code) > 0.5"),
    ("1 when last(a)>=1 or mean(b)<=-2 and min(c)<0", "1 when last(a) >= 1 or mean(b) <= -2 and min(c) < 0"),
    (
      "1 when (last(a)>1 or mean(b)>2) and min(c)<0",
      "1 when (last(a) > 1 or mean(b) > 2) and min(c) < 0"
    ),
    ("1 when not (last(a)>1 and not not mean(b)>2)", "1 when not (last(a) > 1 and not not mean(b) > 2)"),
    ("1 when max(and) > 0 and max(x.y-2) > 0", "1 when max(and) > 0 and max(x.y-2) > 0"),
    ("1 when ((max(a) > 0))", "1 when max(a) > 0"),
    ("1 when max(a)>0 and (max(b)>0 and max(c)>0)", "1 when max(a) > 0 and (max(b) > 0 and max(c) > 0)"),
    ("0->1 over 4 until 9 when mean(a) < 1e-3", "0->1 over 4 until 9 when mean(a) < 0.001"),
  ])
  func printingIsTheInverse(text: String, printed: String) throws {
    let term = try term(text)
    #expect(term.description == printed)
    #expect(try self.term(printed) == term)
  }

  @Test func severalTerms() throws {
    let expression = try SteeringExpression(
      parsing: ["a=0:1:0.5 until 4 when cos(s) > 0, b = 1", "c=0->1 over 2"])
    #expect(expression.terms.map(\.name) == ["a", "b", "c"])
    #expect(expression.combinations.count == 3)
    #expect(expression.combinations[1].terms["a"]?.description == "0.5 until 4 when cos(s) > 0")
    #expect(expression.extrapolated.isEmpty)
    #expect(try SteeringExpression(parsing: "a=0->2 over 3").extrapolated == ["a"])
  }

  /// Where an expression is wrong, its character says.
  @Test(arguments: [
    ("a=1 when", 9, "expected a test such as `cos(NAME) > 0.3`"), ("a=1 when cos", 13, "expected `(`"),
    ("a=1 when cos()", 14, "expected the name of a score"),
    ("a=1 when cos(s)", 16, "expected `>`, `>=`, `<`, `<=`"),
    ("a=1 when cos(s) = 3", 17, "found `=`"), ("a=1 when cos(s) > x", 19, "expected a number, found `x`"),
    ("a=1 when cos(s) > 3 and", 24, "expected a test"), ("a=1 when (cos(s) > 3", 21, "expected `)`"),
    ("a=1 when sin(s) > 3", 10, "of cos, last, mean, max, min"), ("a=1 when cos(s) > nan", 19, "found `nan`"),
    ("a=0->1", 7, "expected `over`"), ("a=0->1 over 0", 13, "expected a number of generated tokens"),
    ("a=0->1 over 1.5", 13, "expected a number of generated tokens"),
    ("a=1 until -3", 11, "expected a number"),
    ("a=0->", 6, "expected a strength"), ("a=1 over 3", 5, "expected `,`"), ("a=1 $", 5, "unexpected `$`"),
    ("a=0->1->0 over 3", 7, "expected `over`"), ("a=1 until 3 over 4", 13, "expected `,`"),
    ("a=1 when cos(s) > 0 or cos(t) > 0", 34, "compile the map under two names"),
    ("a=1 when not (cos(s) > 0 and cos(t) > 0)", 41, "`or` cannot join tests of each token"),
    ("a=1 when max(s) > 0 and (cos(s) > 0 or cos(s) < -1)", 52, "`or` cannot join"),
  ])
  func malformed(text: String, place: Int, problem: String) {
    let error = #expect(throws: SteeringExpression.Malformed.self) { try SteeringExpression(parsing: text) }
    #expect(error?.description.contains("character \(place): ") == true, "\(String(describing: error))")
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.description.contains("\n") == false)
  }

  @Test func workIsBounded() {
    let deep = String(repeating: "(", count: 1000) + "max(a) > 0" + String(repeating: ")", count: 1000)
    let wide = (0..<1000).map { "cos(a\($0)) > 0" }.joined(separator: " and ")
    let many = (0..<11).map { "max(a\($0)) > 0" }.joined(separator: " and ")
    for condition in [deep, wide, many] {
      #expect(throws: SteeringExpression.Malformed.self) {
        try SteeringExpression(parsing: "a=1 when \(condition)")
      }
    }
  }

  /// What is left for each token, for every outcome of the prompt's tests: against the condition itself.
  @Test(arguments: [
    "cos(a) > 0", "not cos(a) > 0", "cos(a) > 0 and cos(b) <= 1", "not (cos(a) > 0 or cos(b) < 1)",
    "max(a) > 0 or cos(b) > 0", "(max(a) > 0 or cos(b) > 0) and not (last(a) > 1 and cos(b) > 2)",
    "max(a) > 0 and last(b) > 0 or min(a) < 0 and cos(a) >= 0", "cos(a) > 0 and cos(a) < 0",
    "max(a) > 0 and cos(a) > 0 or not max(a) > 0 and cos(b) > 0", "cos(a) > 0 or cos(a) > 0",
    "cos(a) >= 0 and cos(a) <= 0",
  ])
  func whatIsLeftIsTheCondition(text: String) throws {
    let condition = try #require(try term("1 when \(text)").condition)
    let tests = condition.promptTests
    for bits in 0..<1 << tests.count {
      func holds(_ test: ScoreTest) -> Bool { bits >> tests.firstIndex(of: test)! & 1 == 1 }
      let left = try #require(condition.decided(holds))
      for a in [-1, -Float.leastNonzeroMagnitude, 0, Float.leastNonzeroMagnitude, 1, 2, 3] as [Float] {
        for b in [-1, 0, 1, Float(1).nextDown, Float(1).nextUp, 2.5] as [Float] {
          let scores = ["a": a, "b": b]
          let found =
            switch left {
            case .never: false
            case .ranges(let ranges):
              ranges.allSatisfy { name, range in range.lower <= scores[name]! && scores[name]! <= range.upper
              }
            }
          #expect(found == value(condition, scores, holds), "\(text): \(scores), \(bits)")
        }
      }
    }
  }

  private func value(
    _ condition: SteeringCondition, _ scores: [String: Float], _ holds: (ScoreTest) -> Bool
  ) -> Bool {
    switch condition {
    case .test(let test): test.subject == .token ? test.holds(of: Double(scores[test.score]!)) : holds(test)
    case .not(let condition): !value(condition, scores, holds)
    case .and(let a, let b): value(a, scores, holds) && value(b, scores, holds)
    case .or(let a, let b): value(a, scores, holds) || value(b, scores, holds)
    }
  }

  /// A threshold need not be a float: the range has the floats on its own side.
  @Test(arguments: ["0.3", "0.1", "0.5", "-0.7", "1e-30", "1e30"], [">", ">=", "<", "<="])
  func thresholdsBetweenFloats(number: String, sign: String) throws {
    let condition = try #require(try term("1 when cos(a) \(sign) \(number)").condition)
    guard case .ranges(let ranges)? = condition.decided({ _ in false }) else { return #expect(Bool(false)) }
    let threshold = Double(number)!
    let range = ranges["a"]!
    for value in [Float(threshold).nextDown, Float(threshold), Float(threshold).nextUp] {
      let expected =
        switch sign {
        case ">": Double(value) > threshold
        case ">=": Double(value) >= threshold
        case "<": Double(value) < threshold
        default: Double(value) <= threshold
        }
      #expect((range.lower <= value && value <= range.upper) == expected, "\(value)")
    }
  }

  /// A ramp begins with its first strength, ends with its last, and has at most 17.
  @Test(arguments: [1, 2, 7, 16, 17, 32, 100, 1000])
  func ramps(length: Int) {
    let schedule = StrengthSchedule(0.2, to: 1, over: length)
    let strengths = (-3...length + 3).map { schedule.strength(ofGenerated: $0) }
    #expect(strengths.prefix(4) == [0.2, 0.2, 0.2, 0.2])
    #expect(strengths.suffix(4).allSatisfy { $0 == 1 } && strengths[length + 2] < 1)
    #expect(strengths == strengths.sorted())
    #expect(Set(strengths).count == min(length, 16) + 1)
    for index in 0..<length {
      let exact = 0.2 + 0.8 * Double(index) / Double(length)
      let step = 0.8 / Double(min(length, 16))
      #expect(Double(strengths[index + 3]) <= exact + 1e-6 && Double(strengths[index + 3]) > exact - step)
    }
  }
}
