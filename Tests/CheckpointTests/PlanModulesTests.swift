import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import ActText
import ModelChecks
import Testing
import Workbench

/// A plan of two modules: a whole model, and its last norm and head alone, over rows that the caller gives.
@Suite struct PlanModulesTests {
  private func compiled(_ model: Model) throws -> [CompiledModel] {
    var options = CompileOptions()
    options.lowering.maximumRows = 24
    options.weights = .bf16
    var whole = model.graph
    let last = try #require(whole.value(at: "model.norm").map { whole[$0].inputs[0] })
    whole.addResult("last", last)
    whole.addResult("states", try #require(whole.value(at: "model.layers.0")))
    var head = Graph(name: "head")
    let width = try #require(model.graph.type(last).shape.last?.fixed)
    let x = head.append(
      Node(.input(name: "h"), [], TensorType(.f32, [.symbol("T"), .fixed(width)]), name: "h"))
    let norm = try #require(model.graph.value(at: "model.norm"))
    let logits = try #require(model.graph.value(at: "lm_head"))
    func copy(_ id: ValueID) -> ValueID {
      var node = model.graph[id]
      node.inputs = node.inputs.map(copy)
      return head.append(node)
    }
    func weight(of id: ValueID) -> ValueID { copy(model.graph[id].inputs[1]) }
    let n = head.append(model.graph[norm].op, x, weight(of: norm), name: "norm")
    head.addResult("logits", head.append(.linear, n, weight(of: logits), name: "logits"))
    return [try model.compile(whole, MapSet(), options), try model.compile(head, MapSet(), options)]
  }

  @Test func modulesRunByTurnsOnOneArena() throws {
    let directory = try TemporaryDirectory()
    let model = try Model(fixture("tiny-tied"))
    let modules = try compiled(model)
    let path = directory.file("two.plan")
    try CompiledModel.write(
      modules, to: path, provenance: .object([]))
    let file = try PlanFile(path)
    let engines = try file.makeEngines(threads: 2)
    #expect(file.modules.map(\.name) == ["llama", "head"])

    // The head's matrix is the embedding's: computed once, read by both.
    let names = file.modules.map { Set($0.constants.map(\.name)) }
    #expect(!names[0].isDisjoint(with: names[1]))
    #expect(file.file.tensors.count == names[0].union(names[1]).count)

    let (whole, head) = (engines[0], engines[1])
    let tokens: [Int32] = [3, 1, 4, 1, 5]
    let vocabulary = 320
    for _ in 0..<2 {
      let sequence = try whole.openSequence(capacity: tokens.count)
      defer { whole.closeSequence(sequence) }
      let rows = tokens.enumerated().map { Row(token: $1, position: Int32($0), sequence: sequence) }
      try whole.step(rows, logitRows: .all)
      let expected = Array(UnsafeBufferPointer(start: whole.result("logits"), count: 5 * vocabulary))
      let width = try #require(file.modules[1].inputs[0].type.shape.last?.fixed)
      let input = try #require(head.input("h"))
      input.update(from: try #require(whole.result("last")), count: 5 * width)
      try head.step(entries: [EntrySize(text: 2), EntrySize(text: 3)], slots: [0, 0])
      let found = Array(UnsafeBufferPointer(start: head.result("logits"), count: 5 * vocabulary))
      #expect(found == expected)
    }
  }

  @Test(arguments: [
    ("plan @head", "plan @llama", "two modules are named @llama"),
    ("%h = input", "%h2 = input", "undefined value %h"),
    ("f32[T,320] @result", "f32[T,320] @arena+0", "bytes inside the arena"),
  ])
  func hostileModules(piece: String, replacement: String, problem: String) throws {
    let modules = try compiled(Model(fixture("tiny-tied")))
    let text = modules.map(\.plan.description).joined(separator: "\n")
    let at = try #require(text.firstRange(of: "plan @head"))
    let altered = String(text[..<at.lowerBound]) + text[at.lowerBound...].replacing(piece, with: replacement)
    let error = #expect(throws: (any Error).self) {
      for module in try Plan.parseModules(altered) { try module.verify() }
    }
    #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
  }

  /// Parts of rows, one after the other.
  @Test func joiningWire() throws {
    let modules = try compiled(Model(fixture("tiny-tied"))).map(\.plan)
    var joined = modules
    joined[1].wires = [Wire("h", [.results([.init("states", of: "llama")]), .zeros(3)])]
    #expect(joined[1].description.contains("  wire h = states from @llama then zeros 3\n"))
    #expect(try Plan.parseModules(joined.map(\.description).joined()) == joined)
    try Plan.verifyWires(of: joined)
  }

  /// Wires that lead nowhere, come from nowhere, or join what does not fit.
  @Test(
    arguments: [
      ("wire h = states from @llama", nil),
      ("wire h = states from @head", "wire h of @head: expected a module before it, found @head"),
      ("wire h = states from @other", "wire h of @head: expected a module before it, found @other"),
      ("wire h = first from @llama", "wire h of @head: expected a result of @llama, found first"),
      ("wire h = logits from @llama", "found f32[R,320]"),
      ("wire g = states from @llama", "wire g: expected an input of @head, found none"),
      ("wire h = states from @llama\n  wire h = states from @llama", "wire h: expected one wire, found two"),
      ("wire h = states from @llama, states from @llama", "wire h of @head: expected f32[T,"),
      ("wire h = zeros 3", "wire h of @head: expected f32[T,"), ("wire h = zeros 0", "expected 1 to"),
      ("wire h = logits from @llama then zeros 3", "found f32[R,320]"),
      ("wire h = states from @llama then", "expected `from`"),
      ("wire h = states", "expected `from`"), ("wire h states from @llama", "expected"),
    ] as [(String, String?)])
  func wires(text: String, problem: String?) throws {
    let modules = try compiled(Model(fixture("tiny-tied"))).map(\.plan)
    let slot = "  slot = \(modules[1].slotByteCount)\n"
    let altered = modules[0].description + modules[1].description.replacing(slot, with: slot + "  \(text)\n")
    func check() throws -> [Plan] {
      let modules = try Plan.parseModules(altered)
      for module in modules { try module.verify() }
      try Plan.verifyWires(of: modules)
      return modules
    }
    if let problem {
      let error = #expect(throws: (any Error).self) { try check() }
      #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
    } else {
      let modules = try check()
      #expect(modules[1].wires == [Wire("h", from: "states", of: "llama")])
      #expect(modules.map(\.description).joined() == altered)
    }
  }

  @Test func severalTokenizers() throws {
    let directory = try TemporaryDirectory()
    func tokenizer(_ name: String?, _ first: Int, _ second: Int) throws -> PlanTokenizer {
      let path = try directory.write(
        #"{"model":{"type":"BPE","vocab":{"a":\#(first),"b":\#(second)},"merges":[]}}"#, to: "t.json")
      return PlanTokenizer(
        try CompiledTokenizer(path: path), configuration: name == nil ? nil : "{}", name: name)
    }
    let path = directory.file("x.plan")
    try CompiledModel.write(
      compiled(Model(fixture("tiny-tied"))), to: path,
      texts: PlanTexts(tokenizers: [tokenizer("llama", 0, 1), tokenizer("head", 1, 0)]),
      provenance: .object([:]))
    let file = try PlanFile(path)
    #expect(try file.makeTokenizer("llama")?.encode("ab") == [0, 1])
    #expect(try file.makeTokenizer("head")?.encode("ab") == [1, 0])
    #expect(try file.makeTokenizer() == nil)
    #expect(try file.makeTokenizer("other") == nil)
  }

  @Test func manyModulesAreRefused() throws {
    let plan = try compiled(Model(fixture("tiny-tied")))[1].plan
    let text = (0..<17).map { index in
      var plan = plan
      plan.name = "m\(index)"
      return plan.description
    }.joined()
    let error = #expect(throws: ParseError.self) { try Plan.parseModules(text) }
    #expect(error?.problem == "more than 16 modules")
  }
}
