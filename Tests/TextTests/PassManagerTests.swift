import ActIR
import Synchronization
import Testing

@Suite struct PassManagerTests {
  private static let source = """
    graph @f(%x: f32[T,8]) {
      %y = silu %x : f32[T,8]
      return %y
    }
    """

  /// A pass that puts one more `neg` before the result.
  private static func negate(_ name: String) -> GraphPass {
    GraphPass(name) { graph in
      let value = graph.results[0].value
      let negated = graph.append(.unary(.neg), value, name: name)
      graph.replace(value, with: negated, except: [negated])
      return true
    }
  }

  private let passes = [negate("a"), GraphPass("idle") { _ in false }, negate("b"), negate("a")]

  private func run(_ manager: PassManager) throws -> (names: [String], graph: Graph) {
    var graph = try Graph(parsing: Self.source)
    return (try manager.run(passes, on: &graph).map(\.pass), graph)
  }

  @Test func runsInOrderAndTimes() throws {
    var graph = try Graph(parsing: Self.source)
    let timings = try PassManager().run(passes, on: &graph)
    #expect(timings.map(\.pass) == ["a", "idle", "b", "a"])
    #expect(timings.map(\.changed) == [true, false, true, true])
    #expect(timings.map(\.nodeCount) == [3, 3, 4, 5])
  }

  @Test func stopsAfterTheFirstOfAName() throws {
    var manager = PassManager()
    manager.stopsAfter = "idle"
    #expect(try run(manager).names == ["a", "idle"])
    manager.stopsAfter = "a"
    #expect(try run(manager).names == ["a"])
  }

  @Test func stopsAtTheLimit() throws {
    var manager = PassManager()
    manager.limit = 3
    #expect(try run(manager).names == ["a", "idle", "b"])
    manager.limit = 0
    #expect(try run(manager).names == [])
    manager.limit = 4
    #expect(try run(manager).names.count == 4)
  }

  @Test(arguments: [-1, 5, 99]) func refusesALimitBeyondThePasses(limit: Int) throws {
    var manager = PassManager()
    manager.limit = limit
    let error = #expect(throws: PassLimitError.self) { try run(manager) }
    #expect(error?.description == "cannot bisect at \(limit): 4 passes run here")
  }

  @Test func printsAfterThoseSelected() throws {
    let titles = TitleLog()
    var manager = PassManager()
    manager.print = { title, graph in titles.append("\(title): \(graph.order.count)") }
    _ = try run(manager)
    #expect(titles.all == [])
    manager.printsAfter = .named(["a"])
    _ = try run(manager)
    #expect(titles.all == ["after a: 3", "after a: 5"])
    manager.printsAfter = .all
    _ = try run(manager)
    #expect(titles.all.count == 6)
  }

  @Test func namesThePassThatBrokeTheGraph() throws {
    let breaks = GraphPass("breaks") { graph in
      graph.setOp(graph.results[0].value, .binary(.add))
      return true
    }
    var graph = try Graph(parsing: Self.source)
    let error = #expect(throws: VerifyError.self) {
      try PassManager().run([Self.negate("a"), breaks, Self.negate("b")], on: &graph)
    }
    #expect(error?.description == "after breaks: %a = add: expected 2 operands, found 1")

    var lazy = PassManager()
    lazy.verifiesEach = false
    graph = try Graph(parsing: Self.source)
    let late = #expect(throws: VerifyError.self) { try lazy.run([breaks, Self.negate("b")], on: &graph) }
    #expect(late?.pass == "the last pass")
  }

  @Test func rulesRunUntilNoneFires() throws {
    let pass = GraphPass(
      "drop-negations",
      rules: [
        RewriteRule("double") { id, graph in
          let node = graph[id]
          guard node.op == .unary(.neg), graph[node.inputs[0]].op == .unary(.neg) else { return nil }
          return graph[node.inputs[0]].inputs[0]
        }
      ])
    var graph = try Graph(parsing: Self.source)
    for name in ["a", "b", "c", "d", "e"] { try Self.negate(name).run(on: &graph) }
    #expect(try pass.run(on: &graph))
    #expect(graph.order.map { graph[$0].op } == [.input(name: "x"), .unary(.silu), .unary(.neg)])
    #expect(try pass.run(on: &graph) == false)
  }

  private static let toTanh = flip("to-tanh", .silu, .tanh)
  private static let toSilu = flip("to-silu", .tanh, .silu)

  private static func flip(_ name: String, _ from: UnaryFunction, _ to: UnaryFunction) -> RewriteRule {
    RewriteRule(name) { id, graph in
      guard graph[id].op == .unary(from) else { return nil }
      graph.setOp(id, .unary(to))
      return id
    }
  }

  @Test func rulesThatUndoEachOtherAreStopped() throws {
    let never = RewriteRule("never") { _, _ in nil }
    let pass = GraphPass("flips", rules: [never, Self.toTanh, Self.toSilu])
    var graph = try Graph(parsing: Self.source)
    let error = #expect(throws: RewriteError.self) { try pass.run(on: &graph) }
    #expect(
      error?.description
        == "flips: no end after 116 rewrites: `to-silu` and `to-tanh` still fire, last at %y; run the passes without "
        + "flips, and report it")
    #expect(try GraphPass("flips", rules: [Self.toTanh]).run(on: &graph))
  }

  @Test func aRuleThatAppliesToWhatItMakesIsStopped() throws {
    let grow = RewriteRule("grow") { id, graph in
      guard graph[id].op == .unary(.silu) else { return nil }
      let negated = graph.append(.unary(.neg), graph[id].inputs[0], name: "n")
      return graph.append(.unary(.silu), negated, name: "more")
    }
    var graph = try Graph(parsing: Self.source)
    let error = #expect(throws: RewriteError.self) { try GraphPass("grows", rules: [grow]).run(on: &graph) }
    #expect(error?.rules == ["grow"])
  }

  /// The times that a rule is given are those of the graph that it is given, whatever rules did before.
  @Test func rulesSeeTheTimesOfTheirGraph() throws {
    var graph = try Graph(
      parsing: """
        graph @f(%x: f32[T,4]) {
          %a = weight {name = "a"} : f32[4]
          %l = dial {name = "m"} : f32[]
          %one = constant {value = 1} : f32[]
          %b = mul %a, %one : f32[4]
          %c = mul %b, %l : f32[4]
          %d = mul %c, %one : f32[4]
          %e = neg %d : f32[4]
          %y = mul %x, %e : f32[T,4]
          %z = mul %y, %one : f32[T,4]
          return %z
        }
        """)
    let wrong = TitleLog()
    let check = RewriteRule("check") { id, graph, times in
      let expected = graph.bindingTimes()
      for value in graph.order where times[value] != expected[value.index] {
        wrong.append("%\(graph[value].name): \(times[value])")
      }
      return nil
    }
    let drop = RewriteRule("drop") { id, graph in
      let node = graph[id]
      guard node.op == .binary(.mul), graph[node.inputs[1]].op == .constant(1) else { return nil }
      return node.inputs[0]
    }
    // Makes what hung on the dial known when the plan is compiled.
    let freeze = RewriteRule("freeze") { id, graph in
      guard case .dial = graph[id].op else { return nil }
      graph.setOp(id, .constant(2))
      return id
    }
    let double = RewriteRule("double") { id, graph in
      guard graph[id].op == .unary(.neg) else { return nil }
      let zero = graph.append(.constant(0), name: "zero")
      return graph.append(.binary(.sub), zero, graph[id].inputs[0], name: "minus")
    }
    #expect(try GraphPass("all", rules: [check, drop, freeze, double, check]).run(on: &graph))
    #expect(wrong.all == [])
    #expect(graph.order.count == 7 && graph.bindingTime(graph.results[0].value) == .step)
  }
}

/// Titles that a pass manager printed.
private final class TitleLog: Sendable {
  private let titles = Mutex<[String]>([])

  var all: [String] { titles.withLock { $0 } }
  func append(_ title: String) { titles.withLock { $0.append(title) } }
}
