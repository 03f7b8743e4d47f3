import ActIR
import ActLowering
import ActPlan
import Testing

/// Masks have places as numbers have: among the constants, in the slots, in the arena.
@Suite struct MaskPlanTests {
  private static let head = """
    graph @masks(%x: f32[T,8]) {
      %v = weight {name = "v"} : f32[8]
      %one = constant {value = 1.0} : f32[]
      %l = dial {name = "m"} : f32[]
      %chosen = gt %v, %one : bool[8]
      %on = gt %l, %one : bool[]
      %both = and %chosen, %on : bool[8]
      %rows = gt %x, %v : bool[T,8]

    """

  private func plan(_ lines: String) throws -> (compile: CompileProgram, plan: Plan) {
    try lower(Graph(parsing: Self.head + lines + "\n}"))
  }

  @Test func placesThemByWhenTheyAreKnown() throws {
    let (compile, plan) = try self.plan(
      """
        %any = or %rows, %both : bool[T,8]
        %a = select %chosen, %x, %v : f32[T,8]
        %b = select %on, %a, %x : f32[T,8]
        %y = select %any, %b, %x : f32[T,8]
        return %y
      """)
    func place(_ name: String) -> Plan.Place? { plan.values.first { $0.name == name }?.place }
    #expect(compile.outputs.map(\.name).contains("chosen"))
    #expect(plan.constants.first { $0.name == "chosen" }?.type == TensorType(.bool, [.fixed(8)]))
    #expect(place("on") == .slot(64))
    #expect(place("both") == .slot(128))
    // `any` may lie over `rows`: both are masks.
    #expect(place("any") == .over(operand: 0))
    let again = try Plan(parsing: plan.description)
    #expect(again == plan)
    try again.verify()
  }

  @Test func refusesThemAsResults() throws {
    let known = "a result computed in the step, found a value known before it"
    for (name, problem) in [
      ("rows", "a result in f32, found bool[T,8]"), ("chosen", known), ("on", known),
    ] {
      let error = #expect(throws: LoweringError.self) { try self.plan("return %\(name)") }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
  }
}
