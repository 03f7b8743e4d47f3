import ActFormats
import ActIR
import ActLowering
import ActPlan
import Testing
import Workbench

@Suite struct InPlaceTests {
  /// A random step: elementwise ops, norms, layers with epilogues, slices of slices, and values read late.
  private func graph(_ random: inout SplitMix64) -> Graph {
    var graph = Graph(name: "random")
    var weights = 0
    func leaf(_ shape: [Int]) -> ValueID {
      weights += 1
      let type = TensorType(.f32, shape.map { .fixed($0) })
      return graph.append(Node(.weight(name: "w\(weights)"), [], type, name: "w\(weights)"))
    }
    let tokens = graph.append(
      Node(.input(name: "tokens"), [], TensorType(.i32, [.symbol("T")]), name: "tokens"))
    var values = [graph.append(.embedding, leaf([10, 8]), tokens, name: "h")]
    if Bool.random(using: &random) {
      // Rows of a prompt, on which what follows may hang alone.
      for name in ["p", "r"] {
        let type = TensorType(.f32, [.symbol("T"), .fixed(8)])
        values.append(graph.append(Node(.input(name: name, time: .prompt), [], type, name: name)))
      }
    }
    for step in 0..<Int.random(in: 1...24, using: &random) {
      // Recent values more often, so that many die early and some late.
      let recent = values.suffix(Bool.random(using: &random) ? 3 : values.count)
      let x = recent[Int.random(in: recent.indices, using: &random)]
      let width = graph.type(x).shape[1].fixed ?? 0
      let alike = values.filter { graph.type($0) == graph.type(x) }
      let other = alike[Int.random(in: alike.indices, using: &random)]
      let name = "v\(step)"
      let new =
        switch Int.random(in: 0..<7, using: &random) {
        case 0: graph.append(.unary(.neg), x, name: name)
        case 1: graph.append(.binary(.add), x, other, name: name)
        case 2: graph.append(.rmsNorm(eps: 1e-5), x, leaf([width]), name: name)
        case 3: graph.append(.linear, x, leaf([Int.random(in: 1...12, using: &random), width]), name: name)
        case 4:
          graph.append(
            .linearEpilogue(
              Expression(inputCount: 2, instructions: [.init(.binary(.add), [.input(0), .input(1)])])),
            x, leaf([width, width]), other, name: name)
        default:
          graph.append(slice(width, &random), x, name: name)
        }
      values.append(new)
    }
    // Results that are no slices, the last of them read through all.
    let last = graph.append(.unary(.abs), values[values.count - 1], name: "last")
    graph.addResult("last", last)
    let extra = values[Int.random(in: values.indices, using: &random)]
    if Bool.random(using: &random) {
      graph.addResult("early", graph.append(.unary(.exp), extra, name: "early"))
    }
    return graph
  }

  private func slice(_ width: Int, _ random: inout SplitMix64) -> Op {
    let start = Int.random(in: 0..<width, using: &random)
    return .slice(start: start, count: Int.random(in: 1...(width - start), using: &random))
  }

  private func options(sharesArena: Bool) -> LoweringOptions {
    var options = LoweringOptions()
    options.maximumRows = 3
    options.contextLength = 16
    options.sharesArena = sharesArena
    return options
  }

  @Test(arguments: 0..<400)
  func everyReadSeesItsProducersValue(seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let graph = graph(&random)
    for sharesArena in [true, false] {
      let plan = try lower(graph, options(sharesArena: sharesArena)).plan
      #expect(SymbolicMachine.firstWrongRead(plan) == nil, "\(plan)")
      #expect(plan.arenaByteCount >= plan.arenaBound)
    }
  }

  /// The verifier alone stands between a hostile file and wrong reads: what it accepts of damaged plans runs right.
  @Test func acceptsNoDamagedPlanThatRunsWrong() throws {
    var (accepted, refused) = (0, 0)
    for seed in 0..<400 {
      var random = SplitMix64(state: UInt64(seed) + 1_000_000)
      let whole = try lower(graph(&random), options(sharesArena: true)).plan
      for _ in 0..<10 {
        var plan = whole
        for _ in 0..<Int.random(in: 1...2, using: &random) { damage(&plan, &random) }
        do { try plan.verify() } catch {
          refused += 1
          continue
        }
        accepted += 1
        #expect(SymbolicMachine.firstWrongRead(plan) == nil, "\(plan)")
      }
    }
    #expect(accepted > 100 && refused > 1000, "\(accepted) accepted, \(refused) refused")
  }

  private func damage(_ plan: inout Plan, _ random: inout SplitMix64) {
    let index = Int.random(in: plan.ofCall, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      plan.values[index].place = .arena(64 * Int.random(in: 0...(plan.arenaByteCount / 64), using: &random))
    case 1: plan.values[index].place = .over(operand: Int.random(in: 0..<3, using: &random))
    case 2: plan.values[index].place = .view
    case 3:
      plan.values[index].place = .prompt(64 * Int.random(in: 0...(plan.promptByteCount / 64), using: &random))
    default:
      guard !plan.values[index].inputs.isEmpty else { return }
      let operand = Int.random(in: plan.values[index].inputs.indices, using: &random)
      plan.values[index].inputs[operand] = Int.random(in: plan.values.indices, using: &random)
    }
  }

  @Test func takesOverWhatNobodyReadsLater() throws {
    #expect(
      try places(
        """
        %a = neg %h : f32[T,8]
        %b = add %a, %h : f32[T,8]
        %c = linear %b, %w : f32[T,8]
        """) == ["@arena+0", "@arena+128", "@over+0", "@result"])
  }

  /// A later slice of `q` reads columns that a map over the first would have destroyed.
  @Test func leavesWhatALaterSliceReads() throws {
    #expect(
      try places(
        """
        %a = slice %h {start = 0, count = 4} : f32[T,4]
        %b = neg %a : f32[T,4]
        %c = slice %h {start = 2, count = 4} : f32[T,4]
        %d = add %b, %c : f32[T,4]
        """) == ["@arena+0", "@view", "@arena+128", "@view", "@result"])
  }

  @Test func takesColumnsThatNoOtherSliceReads() throws {
    #expect(
      try places(
        """
        %a = slice %h {start = 0, count = 4} : f32[T,4]
        %b = neg %a : f32[T,4]
        %c = slice %h {start = 4, count = 4} : f32[T,4]
        %d = add %b, %c : f32[T,4]
        """) == ["@arena+0", "@view", "@over+0", "@view", "@result"])
  }

  /// The places of the step's values; the last is the result.
  private func places(_ body: String) throws -> [String] {
    let lines = body.split(separator: "\n")
    let last = try #require(lines.last?.dropFirst().first)
    let graph = try Graph(
      parsing: """
        graph @g(%tokens: i32[T]) {
          %e = weight {name = "e"} : f32[10,8]
          %w = weight {name = "w"} : f32[8,8]
          %h = embedding %e, %tokens : f32[T,8]
          \(body)
          return %\(last)
        }
        """)
    let plan = try lower(graph, options(sharesArena: true)).plan
    return plan.values[plan.step].map { plan.line($0).split(separator: " ").last.map(String.init) ?? "" }
  }
}
