import ActIR
import ActLowering
import ActPlan
import Testing

/// Plans that compute what depends on a prompt alone once for its steps, and damaged ones.
@Suite struct PromptPlanTests {
  /// Text and a number an entry of the prompt, images of the step.
  private static let graph = """
    graph @prompted(%image: f32[B,6,8] {role = sample}, %text: f32[T,8] {time = prompt}, %size: f32[B,8] {time = prompt}, %of: i32[T] {role = entry, time = prompt}) {
      %w = weight {name = "w"} : f32[8,8]
      %m = dial {name = "m"} : f32[]
      %k = linear %text, %w : f32[T,8]
      %r = take_rows %size, %of : f32[T,8]
      %n = add %k, %r : f32[T,8]
      %v = mul %n, %m : f32[T,8]
      %both = concat %n, %v {axis = 1} : f32[T,16]
      %q = slice %both {start = 8, count = 8} : f32[T,8]
      %kv = kv_pack %n, %q : kvf32[T,2,4]
      %e = silu %size : f32[B,8]
      %f = reshape %e : f32[B,1,8]
      %a = attention %image, %kv {scale = 0.5, visible = all} : f32[B,6,8]
      %b = mul %a, %f : f32[B,6,8]
      %c = add %b, %image : f32[B,6,8]
      return %c
    }
    """

  private static func options(_ change: (inout LoweringOptions) -> Void = { _ in }) -> LoweringOptions {
    var options = LoweringOptions()
    (options.maximumRows, options.maximumEntries) = (4, 2)
    change(&options)
    return options
  }

  private static func plan(_ change: (inout LoweringOptions) -> Void = { _ in }) throws -> Plan {
    try lower(Graph(parsing: graph), options(change)).plan
  }

  private static func names(_ plan: Plan, _ range: Range<Int>) -> [String] { plan.values[range].map(\.name) }

  @Test func cutsAtThePrompt() throws {
    let plan = try Self.plan()
    #expect(Self.names(plan, plan.prompt) == ["k", "r", "n", "v", "both", "q", "kv", "e", "f"])
    #expect(Self.names(plan, plan.step) == ["a", "b", "c"])
    #expect(plan.stepCount == 3 && plan.promptFollowsDials && plan.needsWholeEntries)
    // The step reads the keys and values, and the view f of e.
    let kept = plan.values.filter { if case .prompt = $0.place { true } else { false } }
    #expect(kept.map(\.name) == ["kv", "e"])
    #expect(plan.promptByteCount == kept.reduce(0) { $0 + aligned(plan.byteCount($1.type)!) })
    #expect(try Plan(parsing: plan.description) == plan)
    #expect(SymbolicMachine.firstWrongRead(plan) == nil)
    #expect(plan.inputs.map(\.time) == [.step, .prompt, .prompt, .prompt])
  }

  @Test func leavesAllToTheStepWhereAsked() throws {
    let plan = try Self.plan { $0.preparesPrompts = false }
    #expect(plan.prompt.isEmpty && plan.promptByteCount == 0 && plan.stepCount > 8)
    #expect(!plan.description.contains("  prompt"))
    #expect(try Plan(parsing: plan.description) == plan)
  }

  /// What is returned is computed by the step, and what hangs on it too.
  @Test func resultsAreOfTheStep() throws {
    let text = Self.graph.replacing("return %c", by: "return %c, %n")
    let plan = try lower(Graph(parsing: text), Self.options()).plan
    #expect(Self.names(plan, plan.prompt) == ["k", "r", "e", "f"])
    #expect(Self.names(plan, plan.step) == ["a", "b", "c", "n", "v", "both", "q", "kv"].sorted(like: plan))
  }

  @Test(arguments: [
    ("kvf32[T,2,4] @prompt+0", "kvf32[T,2,4] @arena+0", "expected"),
    (
      "kvf32[T,2,4] @prompt+0", "kvf32[T,2,4] @prompt+32", "%kv = kv_pack: expected bytes inside the prompt's"
    ),
    ("kvf32[T,2,4] @prompt+0", "kvf32[T,2,4] @prompt+64", "expected bytes"),
    ("kvf32[T,2,4] @prompt+0", "kvf32[T,2,4] @prompt+-64", "expected an offset"),
    ("f32[T,8] @view\n    %kv", "f32[T,8] @result\n    %kv", "%q = slice: expected a result"),
    (
      "%k = linear %text", "%k = linear %late",
      "%k = linear: expected inputs of the prompt, found %late of the step"
    ),
    ("f32[B,6,8] @result", "f32[B,6,8] @prompt+0", "expected"),
    (
      "role = entry, time = prompt", "role = entry, time = prompts",
      "unknown time `prompts`; expected one of step, prompt"
    ),
    (
      "role = entry, time = prompt", "role = entry, time = set",
      "unknown time `set`; expected one of step, prompt"
    ),
    (
      "role = entry, time = prompt", "role = token, time = prompt",
      "expected an input of the step, found token i32[T] of the prompt"
    ),
    ("\"late\"", "\"late\", time = prompt, role = timestep", "expected an input of the step, found timestep"),
    ("prompt = ", "prompts = ", "expected"),
  ])
  func rejects(piece: String, replacement: String, problem: String) throws {
    let late = Self.graph.replacing("(%image", by: "(%late: f32[T,8], %image")
    let text = try lower(Graph(parsing: late), Self.options()).plan.description
    do {
      try Plan(text, replacing: piece, by: replacement).verify()
      Issue.record("accepted")
    } catch let error as PlanError {
      #expect(error.description.contains(problem), "\(error)")
    } catch let error as ParseError {
      #expect(error.description.contains(problem), "\(error)")
    }
  }

  /// A step finds nothing in the arena that a prompt left there.
  @Test func refusesReadingWhatIsNotKept() throws {
    var plan = try Self.plan()
    let e = plan.values.firstIndex { $0.name == "e" }!
    plan.values[e].place = .arena(aligned(plan.arenaByteCount))
    plan.arenaByteCount = aligned(plan.arenaByteCount) + 64
    plan.arenaBound = arenaBound(plan.buffers().lifetimes)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(
      error?.description.contains("expected what is kept of the prompt, found %f") == true,
      "\(String(describing: error))")
  }

  @Test func refusesInputsThatEveryStepWrites() throws {
    for input in [
      "i32[R] {role = chosen, time = prompt}", "f32[B,1] {role = timestep, time = prompt}",
      "f32[R,8] {time = prompt}",
    ] {
      let text = Self.graph.replacing("(%image", by: "(%x: \(input), %image")
      #expect(throws: LoweringError.self) { try lower(Graph(parsing: text), Self.options()) }
    }
  }

  @Test func graphTextSurvives() throws {
    let graph = try Graph(parsing: Self.graph)
    let again = try Graph(parsing: graph.description)
    #expect(again.description == graph.description)
    #expect(again.declaredInputs == graph.declaredInputs)
    #expect(graph.declaredInputs.map(\.time) == [.step, .prompt, .prompt, .prompt])
    #expect(
      graph.bindingTime(graph.value(named: "kv")) == .prompt
        && graph.bindingTime(graph.value(named: "a")) == .step)
  }
}

extension Graph {
  fileprivate func value(named name: String) -> ValueID { order.first { self[$0].name == name }! }
}

extension [String] {
  /// The names in the order of a plan's values.
  fileprivate func sorted(like plan: Plan) -> [String] { plan.values.map(\.name).filter(contains) }
}

extension String {
  fileprivate func replacing(_ piece: String, by replacement: String) -> String {
    split(separator: piece, omittingEmptySubsequences: false).joined(separator: replacement)
  }
}
