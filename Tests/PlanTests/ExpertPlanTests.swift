import ActIR
import ActPlan
import Testing

/// Plans with experts, and damaged ones.
@Suite struct ExpertPlanTests {
  private static let text = """
    plan @experts {
      limit T = 4
      context = 4
      arena = 448, bound = 384
      slot = 0
      constants {
        %r = weight {name = "r"} : f32[3,8]
        %w = weight {name = "w"} : q8x16[3,8,8]
      }
      call {
        %x = input {name = "x"} : f32[T,8]
      }
      set {
      }
      step {
        %s = linear %x, %r : f32[T,3] @arena+0
        %c = choose %s {count = 2} : i32[T,2] @arena+64
        %k = take_channels %s, %c : f32[T,2] @arena+128
        %e = expert_linear %x, %w, %c : f32[T,2,8] @arena+192
        %y = weighted_sum %e, %k : f32[T,8] @result
      }
      return %y
    }

    """

  private func plan(_ piece: String, _ replacement: String) throws -> Plan {
    try Plan(Self.text, replacing: piece, by: replacement)
  }

  @Test func accepts() throws {
    let plan = try Plan(parsing: Self.text)
    try plan.verify()
    #expect(try Plan(parsing: plan.description) == plan)
  }

  @Test(arguments: [
    // What is chosen leads into no other matrices than there are.
    (
      "q8x16[3,8,8]", "q8x16[2,8,8]",
      "%e = expert_linear: expected a `choose` among at most 2 as operand 2, found %c"
    ),
    (
      "%k = take_channels %s, %c : f32[T,2] @arena+128",
      "%z = slice %s {start = 0, count = 2} : f32[T,2] @view\n    %k = take_channels %z, %c : f32[T,2] @arena+128",
      "%k = take_channels: expected a `choose` among at most 2 as operand 1, found %c"
    ),
    ("{count = 2}", "{count = 4}", "%c = choose: expected scores [T,E] of at least 4 columns"),
    ("q8x16[3,8,8]", "q8x16[3,8,7]", "%e = expert_linear: expected x [T,K] or [T,k,K]"),
    ("q8x16[3,8,8]", "q8x16[24,8]", "%e = expert_linear: expected operand 1 of matrices [E,N,K]"),
    ("q8x16[3,8,8]", "q8x16[1,3,8,8]", "%w = weight: expected sizes of known symbols"),
    ("@arena+64", "@arena+0", "%c = choose: expected bytes of its own, found those of %s"),
    ("@arena+64", "@over+0", "%c = choose: expected an operand that it can overwrite"),
    ("@arena+192", "@arena+128", "%e = expert_linear: expected bytes of its own, found those of %k"),
    (
      "return %y", "return chosen = %c",
      "%y = weighted_sum: expected a result, found a value that is not returned"
    ),
  ])
  func refuses(piece: String, replacement: String, problem: String) throws {
    let plan = try plan(piece, replacement)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  /// Indices that a caller gives might lie anywhere.
  @Test func refusesChoicesOfTheCaller() throws {
    let x = "%x = input {name = \"x\"} : f32[T,8]"
    let plan = try plan(x, "\(x)\n    %i = input {name = \"i\"} : i32[T,2]")
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.value == "%i = input")
  }
}
