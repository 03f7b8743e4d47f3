import ActIR
import ActLowering
import ActPlan
import Testing

/// Tables of `interpolate` are known before the step, or follow a dial.
@Suite struct TablePlanTests {
  private func plan(_ tables: String) throws -> Plan {
    let graph = try Graph(
      parsing: """
        graph @tables(%x: f32[T,8], %rows: i32[R] {role = chosen}) {
          %knots = weight {name = "knots"} : f32[3,8]
          %m = dial {name = "m"} : f32[]
          %live = mul %knots, %m : f32[3,8]
          %some = take_rows %x, %rows : f32[R,8]
          %y = interpolate \(tables) : f32[T,8]
          return %y, %some
        }
        """)
    return try lower(graph, LoweringOptions()).plan
  }

  @Test(arguments: ["%x, %knots, %knots", "%x, %knots, %live", "%x, %live, %live"])
  func accepts(tables: String) throws {
    let plan = try plan(tables)
    try plan.verify()
    #expect(try Plan(parsing: plan.description) == plan)
  }

  /// How many rows there are is chance.
  @Test func refusesRowsAsTables() throws {
    let error = #expect(throws: LoweringError.self) { try plan("%x, %some, %some") }
    #expect(error?.description == "%y = interpolate: expected tables of fixed sizes, found f32[R,8]")
  }
}
