import ActIR
import ActLowering
import ActPlan
import Testing

/// Plans over images, and damaged ones.
@Suite struct ImagePlanTests {
  private static let text = """
    plan @images {
      limit B = 2
      context = 1
      arena = 2304, bound = 2304
      slot = 0
      constants {
        %w = weight {name = "w"} : f32[4,36]
      }
      call {
        %x = input {name = "x"} : f32[B,6,6,4]
      }
      set {
      }
      step {
        %a = silu %x : f32[B,6,6,4] @arena+0
        %h = conv_epilogue %a, %w, %a {kernel = "3,3", padding = "1,1,1,1", body = "add $0, $1"} : f32[B,6,6,4] @arena+1152
        %y = average_pool %h {kernel = "2,3", stride = "2,3"} : f32[B,3,2,4] @result
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
    ("f32[4,36]", "f32[4,35]", "%h = conv_epilogue: expected w [O,3·3·C] for x [B,H,W,C]"),
    ("{kernel = \"3,3\"", "{kernel = \"2,3\"", "%h = conv_epilogue: expected w [O,2·3·C] for x [B,H,W,C]"),
    (
      "{kernel = \"2,3\", stride = \"2,3\"}", "{kernel = \"2,3\", stride = \"1,3\"}",
      "%y = average_pool: expected a result of f32[B,5,2,4], found f32[B,3,2,4]"
    ),
    (
      "{kernel = \"2,3\", stride = \"2,3\"}", "{kernel = \"2147483647,3\", stride = \"2,3\"}",
      "%y = average_pool: expected a kernel and a stride of 1 to 4096"
    ),
    (
      "{kernel = \"2,3\", stride = \"2,3\"}",
      "{kernel = \"4096,3\", stride = \"2,3\", padding = \"4093,0,0,0\"}",
      "%y = average_pool: expected a result of f32[B,2,2,4], found f32[B,3,2,4]"
    ),
    ("padding = \"1,1,1,1\"", "padding = \"3,1,1,1\"", "expected a padding smaller than the kernel"),
    // An epilogue must not write where the windows beside it are read.
    (
      "@arena+1152", "@over+0",
      "%h = conv_epilogue: expected an operand that it can overwrite, found operand 0"
    ),
    ("limit B = 2", "limit B = 1048576", "%a = silu: expected bytes inside the arena's 2304"),
  ])
  func refuses(piece: String, replacement: String, problem: String) throws {
    let plan = try plan(piece, replacement)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  /// What an epilogue adds may be overwritten, unless windows beside it are read as well.
  @Test func keepsWhatWindowsRead() throws {
    var text = try plan("@arena+1152", "@over+2").description
    text = text.split(separator: "2304", omittingEmptySubsequences: false).joined(separator: "1152")
    let plan = try Plan(parsing: text)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    let expected = "%h = conv_epilogue: expected an operand in the arena that nothing reads later, found %a"
    #expect(error?.description == expected)
  }

  /// More pixels than kernels count.
  @Test(arguments: ["%x", "upsample_nearest %x"]) func countsPixels(value: String) throws {
    let (input, result) = value == "%x" ? ("65536,65536", "1,1") : ("1,1", "65536,65536")
    let graph = try Graph(
      parsing: """
        graph @images(%x: f32[B,\(input),1]) {
          %y = upsample_nearest %x : f32[B,\(result),1]
          return %y
        }
        """)
    var options = LoweringOptions()
    options.maximumEntries = 1
    let error = #expect(throws: LoweringError.self) { try lower(graph, options) }
    #expect(
      error?.description.contains("expected at most 2147483647 rows") == true, "\(String(describing: error))")
  }

  /// A block's last convolution adds what the block read, in place; the one before it must leave that alone.
  @Test func writesInPlace() throws {
    let (_, plan) = try lower(
      Graph(
        parsing: """
          graph @block(%x: f32[B,6,6,4]) {
            %w = weight {name = "w"} : f32[4,36]
            %a = silu %x : f32[B,6,6,4]
            %h = conv %a, %w {kernel = "3,3", padding = "1,1,1,1"} : f32[B,6,6,4]
            %g = conv_epilogue %h, %w, %a {kernel = "3,3", padding = "1,1,1,1", body = "add $0, $1"} : f32[B,6,6,4]
            %p = average_pool %g {kernel = "6,6"} : f32[B,1,1,4]
            %y = sub %g, %p : f32[B,6,6,4]
            return %y
          }
          """))
    func place(_ name: String) -> Plan.Place? { plan.values.first { $0.name == name }?.place }
    #expect(place("g") == .over(operand: 2))
    if case .arena = place("h") {} else { Issue.record("\(plan)") }
    if case .arena = place("p") {} else { Issue.record("\(plan)") }
  }
}
