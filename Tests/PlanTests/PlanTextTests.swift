import ActIR
import ActPlan
import Testing

@Suite struct PlanTextTests {
  @Test func printsWhatItParsed() throws {
    let plan = try Plan(parsing: smallPlan)
    #expect(plan.description == smallPlan)
    #expect(plan.stepCount == 10)
    #expect(plan.setCount == 2)
    #expect(plan.dials == ["m"])
  }

  @Test(arguments: FixturePlan.all)
  func roundTrips(fixture: FixturePlan) throws {
    let plan = try fixture.lowered()
    let parsed = try Plan(parsing: plan.description)
    #expect(parsed == plan)
    #expect(parsed.description == plan.description)
    try parsed.verify()
  }

  @Test(arguments: FixturePlan.all)
  func lowersAlikeEveryTime(fixture: FixturePlan) throws {
    #expect(try fixture.lowered().description == fixture.lowered().description)
  }

  @Test(arguments: [
    ("plan @small", "graph @small", "line 1: expected `plan`"),
    ("limit R = 2", "limit T = 2", "expected one limit above 0 for T"),
    ("limit R = 2", "limit R = 0", "expected one limit above 0 for R"),
    ("context = 16", "contexts = 16", "expected `context`"),
    ("kvbf16[S", "kvbf17[S", "unknown element type `kvbf17`"),
    ("role = token", "role = tokens", "unknown role `tokens`; expected one of token, position"),
    ("arena = 512,", "arena = 512", "expected `,`"),
    ("slot = 160", "slot = -1", "expected a number"),
    ("%y = rms_norm %x", "%y = rms_norm %u", "undefined value %u"),
    ("%y = rms_norm", "%x = rms_norm", "%x defined twice"),
    ("@view\n    %b", "@nowhere\n    %b", "unknown place `@nowhere`"),
    ("@view\n    %b", "\n    %b", "expected a place"),
    ("@over+2", "@over", "expected `+`"),
    ("@over+2", "@over+-2", "expected an offset"),
    ("return %logits", "return %none", "undefined value %none"),
    ("return %logits\n}", "return %logits\n}\nplan", "text after the end of the plan"),
  ])
  func rejects(piece: String, replacement: String, problem: String) {
    let error = #expect(throws: ParseError.self) { try smallPlan(piece, replacement) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }
}
