import ActIR
import ActLowering
import ActPlan
import Testing

/// Rows that entries have one each of, taken for each row without a copy, and damaged plans of them.
@Suite struct EntryViewPlanTests {
  private static func plan(_ reader: String, role: String = "entry") throws -> Plan {
    let graph = try Graph(
      parsing: """
        graph @taken(%x: f32[P,8], %e: f32[B,8], %n: i32[P] {role = \(role)}) {
          %a = exp %e : f32[B,8]
          %t = take_rows %a, %n : f32[P,8]
          %y = \(reader) : f32[P,8]
          %z = add %y, %x : f32[P,8]
          return %z
        }
        """)
    return try lower(graph).plan
  }

  private static func place(_ plan: Plan) -> Int { plan.values.firstIndex { $0.name == "t" }! }

  @Test(arguments: ["mul %x, %t", "layer_norm %x, %t {eps = 1e-05}"])
  func areViews(reader: String) throws {
    let plan = try Self.plan(reader)
    #expect(plan.values[Self.place(plan)].place == .view)
    #expect(try Plan(parsing: plan.description) == plan)
  }

  @Test(arguments: ["softmax %t", "layer_norm %t {eps = 1e-05}"])
  func areCopiedForOthers(reader: String) throws {
    var plan = try Self.plan(reader)
    let index = Self.place(plan)
    #expect(plan.values[index].place != .view)
    plan.values[index].place = .view
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(
      error?.description.contains("expected readers that repeat it") == true, "\(String(describing: error))")
  }

  @Test func refusesWhatIsNoRowOfAnEntry() throws {
    var named = try Self.plan("mul %x, %t")
    named.values[Self.place(named)].site = "site"
    var given = try Self.plan("mul %x, %t", role: "given")
    #expect(given.values[Self.place(given)].place != .view)
    given.values[Self.place(given)].place = .view
    for plan in [named, given] {
      let error = #expect(throws: PlanError.self) { try plan.verify() }
      #expect(
        error?.description.contains("expected a row for each entry's, without a site") == true,
        "\(String(describing: error))")
    }
  }

  /// The bytes of a row an entry are not those of rows.
  @Test func refusesWritingOverThem() throws {
    var plan = try Self.plan("mul %x, %t")
    let index = plan.values.firstIndex { $0.name == "y" }!
    plan.values[index].place = .over(operand: 1)
    plan.arenaBound = arenaBound(plan.buffers().lifetimes)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(
      error?.description.contains("expected an operand in the arena that nothing reads later") == true,
      "\(String(describing: error))")
  }

  @Test func countsJoinedRows() throws {
    let graph = try Graph(
      parsing: """
        graph @joined(%x: f32[T,8], %y: f32[B,4,8]) {
          %z = join_rows %x, %y : f32[T+4,8]
          %r = silu %z : f32[T+4,8]
          return %r
        }
        """)
    var plan = try lower(graph).plan
    #expect(plan.limit("T+4") == 512 + 4 * 64)
    let index = plan.limits.firstIndex { $0.symbol == "T+4" }!
    plan.limits[index].value += 1
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.description.contains("limit T+4: expected what those of its parts allow") == true)
  }
}
