import ActRuntime
import Testing

@Suite struct SteeringExpressionTests {
  private typealias Term = SteeringExpression.Term

  @Test(
    arguments: [
      ("football=0.5", ["football"], [[0.5]]),
      ("a=0,b=1", ["a", "b"], [[0], [1]]),
      ("a=-0.5,b=2e-1", ["a", "b"], [[-0.5], [0.2]]),
      ("a=0:1:0.25", ["a"], [[0, 0.25, 0.5, 0.75, 1]]),
      ("a=0.5:0.5:1", ["a"], [[0.5]]),
      ("a=0:1:0.3", ["a"], [[0, 0.3, 0.6, 0.9]]),
      ("a=-1:1:1", ["a"], [[-1, 0, 1]]),
      ("x.y-z=1", ["x.y-z"], [[1]]),
    ] as [(String, [String], [[Float]])])
  func parses(text: String, names: [String], strengths: [[Float]]) throws {
    let expression = try SteeringExpression(parsing: text)
    #expect(
      expression.terms
        == zip(names, strengths).map { Term(name: $0, schedules: $1.map { StrengthSchedule($0) }) })
  }

  /// A range's last step is there although 0.1 is not a binary fraction.
  @Test func rangesReachTheirEnd() throws {
    let strengths = try SteeringExpression(parsing: "a=0:1:0.1").terms[0].schedules.map(\.first)
    #expect(strengths.count == 11)
    #expect(strengths[10] == 1)
    #expect(strengths[3] == 0.3)
  }

  @Test(arguments: [
    "", "a", "a=", "=1", "a=x", "a=nan", "a=inf", "a=1,", ",a=1", "a=1,,b=2", "a=1,a=2", "a=1:2", "a=1:2:3:4",
    "a=1:2:",
    "a=1:0:0.1", "a=0:1:0", "a=0:1:-1", "a=0:1:1e-9", "a==1", "a=1=2", "a=0x", "a=1 b", "a=0:nan:1",
  ])
  func malformed(text: String) {
    let error = #expect(throws: SteeringExpression.Malformed.self) { try SteeringExpression(parsing: text) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func severalJoin() throws {
    let expression = try SteeringExpression(parsing: ["b=0:1:1,c=2", "a=0.5"])
    #expect(expression == (try SteeringExpression(parsing: "b=0:1:1,c=2,a=0.5")))
    #expect(try SteeringExpression(parsing: []).combinations == [[:]])
    for texts in [["a=1", "a=1"], ["a=1,b=0", "c=1,b=0"], ["a=1", ""]] {
      #expect(throws: SteeringExpression.Malformed.self) { try SteeringExpression(parsing: texts) }
    }
    let wide = ["a=0:1:0.001", "b=0:1:0.001"]
    #expect(throws: SteeringExpression.Malformed.self) { try SteeringExpression(parsing: wide) }
  }

  @Test func combinations() throws {
    let expression = try SteeringExpression(parsing: "a=0:1:1,b=0.5,c=1:2:1")
    #expect(
      expression.combinations == [
        ["a": 0, "b": 0.5, "c": 1], ["a": 0, "b": 0.5, "c": 2], ["a": 1, "b": 0.5, "c": 1],
        ["a": 1, "b": 0.5, "c": 2],
      ])
    #expect(expression.single == nil)
    #expect(try SteeringExpression(parsing: "a=1,b=2").single == ["a": 1, "b": 2])
    #expect(SteeringExpression(terms: []).combinations == [[:]])
  }

  @Test func extrapolation() throws {
    #expect(try SteeringExpression(parsing: "a=0,b=1,c=1.1,d=-0.1,e=0:2:1").extrapolated == ["c", "d", "e"])
  }
}
