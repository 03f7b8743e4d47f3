import ActFormats
import ActIR
import Testing
import Workbench

@Suite struct GraphTests {
  private let vector = TensorType(.f32, [.fixed(8)])

  /// Whatever is replaced and erased, the readers of every value are those that a recount finds.
  @Test(arguments: 0..<200 as Range<UInt64>) func readersAreThoseOfARecount(_ seed: UInt64) {
    var random = SplitMix64(state: seed)
    var graph = Graph(name: "random")
    for index in 0..<3 { graph.append(Node(.input(name: "x\(index)"), [], vector, name: "x\(index)")) }
    for index in 0..<40 {
      let operands = (0..<2).map { _ in graph.liveValues.randomElement(using: &random)! }
      graph.append(.binary(.add), operands, name: "y\(index)")
    }
    for index in 0..<3 { graph.addResult("r\(index)", graph.liveValues.randomElement(using: &random)!) }
    for _ in 0..<30 {
      let values = graph.liveValues
      switch Int.random(in: 0..<6, using: &random) {
      case 0: graph.eraseIfDead(values.randomElement(using: &random)!)
      case 1: graph.removeDeadNodes()
      case 2:
        // As a map is inserted: after a value, before its readers.
        let old = values.randomElement(using: &random)!
        let new = graph.append(.binary(.mul), old, old, name: "map")
        graph.replace(old, with: new, except: [new])
      default:
        // Operands are older than their readers, so an older value makes no cycle.
        let pair = [values.randomElement(using: &random)!, values.randomElement(using: &random)!].sorted()
        if pair[0] != pair[1], graph.liveValues.allSatisfy({ id in graph[id].inputs.allSatisfy { $0 < id } })
        {
          graph.replace(pair[1], with: pair[0])
        }
      }
      checkBookkeeping(of: graph)
    }
  }

  private func checkBookkeeping(of graph: Graph) {
    var readers: [ValueID: [ValueID]] = [:]
    for id in graph.liveValues { for input in graph[id].inputs { readers[input, default: []].append(id) } }
    for id in graph.liveValues {
      #expect(graph.readers(of: id).sorted() == readers[id, default: []].sorted())
      #expect(graph[id].inputs.allSatisfy { graph.isLive($0) })
      let isResult = graph.results.contains { $0.value == id }
      #expect(graph.hasOneUse(id) == (readers[id, default: []].count == 1 && !isResult))
    }
    #expect(graph.results.allSatisfy { graph.isLive($0.value) })
    #expect(graph.inputs.count == 3)
    #expect(throws: Never.self) { try graph.verify() }
  }

  /// Readers keep their order, which the passes' output follows.
  @Test func replacementKeepsTheOrderOfReaders() {
    var graph = Graph(name: "order")
    let x = graph.append(Node(.input(name: "x"), [], vector, name: "x"))
    let y = graph.append(.unary(.silu), x, name: "y")
    let readers = (0..<20).map { graph.append(.binary(.mul), y, x, name: "r\($0)") }
    for reader in readers { graph.addResult(graph[reader].name, reader) }
    let z = graph.append(.unary(.tanh), x, name: "z")
    graph.replace(y, with: z)
    #expect(graph.readers(of: z) == readers)
    #expect(!graph.isLive(y))
  }

  @Test func replacementMovesResultsAndSparesTheExcepted() {
    var graph = Graph(name: "except")
    let x = graph.append(Node(.input(name: "x"), [], vector, name: "x"))
    let y = graph.append(.unary(.silu), x, name: "y")
    let z = graph.append(.unary(.tanh), y, name: "z")
    graph.addResult("y", y)
    graph.addResult("z", z)
    let map = graph.append(.binary(.mul), y, y, name: "map")
    graph.replace(y, with: map, except: [map])
    #expect(graph.readers(of: y) == [map, map])
    #expect(graph.readers(of: map) == [z])
    #expect(graph.results.map(\.value) == [map, z])
    #expect(graph.results.map(\.name) == ["y", "z"])
  }

  @Test func inputsOutliveTheirReaders() {
    var graph = Graph(name: "inputs")
    let x = graph.append(Node(.input(name: "x"), [], vector, name: "x"))
    let y = graph.append(.unary(.silu), x, name: "y")
    graph.eraseIfDead(y)
    #expect(!graph.isLive(y))
    #expect(graph.isLive(x))
    #expect(graph.readers(of: x).isEmpty)
  }

  @Test func verifierFindsACycle() {
    var graph = Graph(name: "cycle")
    let x = graph.append(Node(.input(name: "x"), [], vector, name: "x"))
    let y = graph.append(.unary(.silu), x, name: "y")
    let z = graph.append(.unary(.tanh), y, name: "z")
    let w = graph.append(.unary(.abs), z, name: "w")
    graph.addResult("w", w)
    // y's reader now reads w, which is made of it.
    graph.replace(y, with: w)
    let error = #expect(throws: VerifyError.self) { try graph.verify() }
    #expect(error?.expected == "operands defined before it")
    #expect(error?.found.hasPrefix("a cycle through %") == true)
  }

  @Test func verifierFindsTwoResultsOfOneName() {
    var graph = Graph(name: "twice")
    let x = graph.append(Node(.input(name: "x"), [], vector, name: "x"))
    graph.addResult("x", x)
    graph.addResult("x", x)
    let error = #expect(throws: VerifyError.self) { try graph.verify() }
    #expect(error?.description == "@twice: expected results of different names, found `x` twice")
  }

  /// Names of maps and tensors come from files and may be anything; the text form is still read back.
  @Test func anyNameSurvivesAsText() throws {
    var graph = Graph(name: "names")
    for name in ["", "a map", "Ünicode", "x/y", "x_y", "%", "\"", "\r\n"] {
      let id = graph.append(Node(.weight(name: name), [], vector, name: name))
      graph.addResult(name, id)
    }
    let again = try Graph(parsing: graph.description)
    #expect(again.description == graph.description)
    #expect(again.results.map(\.name) == graph.results.map(\.name))
    #expect(again.results.map { again[$0.value].op } == graph.results.map { graph[$0.value].op })
  }

  /// So that a fit can measure what any transport does to its samples.
  @Test func whatTransportsUseNeedsNoStep() {
    for op in Op.prototypes where op.traits.flags.contains(.transports) {
      if case .input = op { continue }
      #expect(op.traits.programs.contains(.compile), "\(op.mnemonic)")
    }
  }
}
