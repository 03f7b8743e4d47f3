import ActIR
import ActLowering
import ActPlan
import Testing

/// Plans in which the rows of entries attend to each other, and damaged ones.
///
///     buffer   bytes                                  at
///     x        2·8·8·4 = 512                           0
///     kv       2·2 blocks of 64·2·16·4 = 32768       512
@Suite struct EntryPlanTests {
  private static let text = """
    plan @entries {
      limit B = 2
      context = 1
      arena = 33280, bound = 33280
      slot = 192
      constants {
        %c = weight {name = "c"} : f32[1,1,8]
        %b = weight {name = "b"} : f32[2,5]
      }
      call {
        %p = input {name = "p"} : f32[B,7,8]
      }
      set {
        %m = dial {name = "m"} : f32[] @slot+0
        %s = mul %c, %m : f32[1,1,8] @slot+64
        %t = mul %b, %m : f32[2,5] @slot+128
      }
      step {
        %x = concat %c, %p {axis = 1} : f32[B,8,8] @arena+0
        %kv = kv_pack %x, %x : kvf32[B,8,2,4] @arena+512
        %y = attention %x, %kv, %b {scale = 1.0, visible = all} : f32[B,8,8] @result
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
    ("%kv, %b", "%kv, %t", "%y = attention: expected a constant as operand 2, found %t"),
    ("%kv, %b", "%kv, %p", "%y = attention: expected a bias [2,2·R+1]"),
    ("%b = weight {name = \"b\"} : f32[2,5]", "%b = weight {name = \"b\"} : f32[2,4]", "expected"),
    ("concat %c", "concat %s", "%x = concat: expected operands that follow no dial, found %s"),
    (
      "%c = weight {name = \"c\"} : f32[1,1,8]", "%c = weight {name = \"c\"} : f32[1,2,8]",
      "%s = mul: expected"
    ),
    ("visible = all}", "visible = all, soft_cap = 2.0}", "expected a bias or a cap of scores, not both"),
    ("attention %x", "attention %p", "%y = attention: expected visible = all, no window and no bias"),
    (
      "%y = attention %x, %kv, %b {scale = 1.0, visible = all} : f32[B,8,8]",
      "%y = attention %p, %kv, %b {scale = 1.0, visible = all} : f32[B,7,8]",
      "%y = attention: expected visible = all, no window and no bias"
    ),
    ("@arena+512", "@arena+448", "%kv = kv_pack: expected bytes of its own, found those of %x"),
    ("arena = 33280, bound = 33280", "arena = 33216, bound = 33280", "%kv = kv_pack: expected bytes inside"),
  ])
  func refuses(piece: String, replacement: String, problem: String) throws {
    let plan = try plan(piece, replacement)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  /// More rows than the engine keeps account of.
  @Test func countsRows() throws {
    let graph = try Graph(
      parsing: """
        graph @entries(%x: f32[B,70000,4]) {
          %kv = kv_pack %x, %x : kvf32[B,70000,1,4]
          %y = attention %x, %kv {scale = 1.0, visible = all} : f32[B,70000,4]
          return %y
        }
        """)
    var options = LoweringOptions()
    let error = #expect(throws: LoweringError.self) { try lower(graph, options) }
    #expect(error?.description.contains("expected at most 4194304 rows of 64 entries") == true, "\(error!)")
    options.maximumEntries = 32
    #expect(throws: Never.self) { try lower(graph, options) }
  }
}
