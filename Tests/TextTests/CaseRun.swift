import ActIR
import ActPasses
import FileCheck
import GraphReference
import Testing

/// The check of one section. Issues point into the case file.
struct CaseRun {
  let section: TextCase
  let path: String
  let file: String

  init(_ section: TextCase, path: String, file: String) {
    self.section = section
    self.path = path
    self.file = file
  }

  func check() {
    var graph: Graph?
    do {
      try run(&graph)
    } catch {
      let text = "\(error)"
      guard let expected = section.errors.first else {
        record("\(text)\n\(graph.map { "\($0)" } ?? "")", line: (error as? ParseError)?.line)
        return
      }
      if !text.contains(expected.text) { record("expected the error `\(expected.text)`, found `\(text)`") }
      if let line = expected.line, (error as? ParseError)?.line != line {
        record("expected the error at line \(line), found `\(text)`")
      }
      return
    }
    for expected in section.errors { record("expected the error `\(expected.text)`, found none") }
  }

  private func record(_ comment: String, line: Int? = nil) {
    let location = SourceLocation(
      fileID: "TextTests/\(file)", filePath: path, line: line ?? section.firstLine, column: 1)
    Issue.record("\(file):\(line ?? section.firstLine): \(comment)", sourceLocation: location)
  }

  private func run(_ out: inout Graph?) throws {
    var (graph, options) = try parse()
    out = graph
    checkRoundTrip(graph)
    try graph.verify()
    let before = graph.description
    options.weights = section.options.weights
    options.frozen = section.options.frozen
    let passes = try passes(options)
    var changed = false
    var values: [ReferenceTensor]?
    for pass in passes {
      // Maps and strengths change what the model computes; all that follows must not.
      let steers = pass.name == "insert-transports" || pass.name == "freeze-dials"
      if values == nil, !steers { values = ReferenceValues.results(of: graph) }
      changed = try run(pass, on: &graph) || changed
      out = graph
      if let values, !steers { check(ReferenceValues.results(of: graph), against: values, after: pass.name) }
    }
    try checkExpectations(of: graph, before: before, changed: changed)
    try checkSecondRun(of: passes, on: graph)
  }

  /// The section's graph, and its maps with their functions.
  private func parse() throws -> (Graph, PipelineOptions) {
    var graphs = try Graph.parseAll(section.text)
    var options = PipelineOptions()
    for map in section.maps {
      guard let function = graphs.first(where: { $0.name == map.function }) else {
        throw MalformedCase(line: section.firstLine, problem: "no function @\(map.function)")
      }
      var transport = Transport(name: map.name, function: function, sites: map.sites)
      transport.gates = section.gates.filter { $0.map == map.name }.map(\.score)
      options.transports.append(transport)
    }
    for score in section.scores {
      guard let function = graphs.first(where: { $0.name == score.function }) else {
        throw MalformedCase(line: section.firstLine, problem: "no function @\(score.function)")
      }
      options.scores.append(TokenScore(name: score.name, function: function, sites: score.sites))
    }
    let functions = (section.maps + section.scores).map(\.function)
    graphs.removeAll { functions.contains($0.name) }
    guard graphs.count == 1 else {
      throw MalformedCase(line: section.firstLine, problem: "expected one graph, found \(graphs.count)")
    }
    return (graphs[0], options)
  }

  private func passes(_ options: PipelineOptions) throws -> [GraphPass] {
    if section.passes == ["pipeline"] { return pipeline(options) }
    return try section.passes.map { name in
      guard let pass = registeredPasses.first(where: { $0.name == name }) else {
        throw MalformedCase(line: section.firstLine, problem: "no pass `\(name)`")
      }
      return pass.make(options)
    }
  }

  /// Runs a pass; what it returns must be true of the graph, and the graph must stay sound.
  private func run(_ pass: GraphPass, on graph: inout Graph) throws -> Bool {
    let before = GraphSnapshot(graph)
    let changed = try pass.run(on: &graph)
    if changed != (GraphSnapshot(graph) != before) {
      record(
        "\(pass.name) returned \(changed), but the graph \(changed ? "is the same" : "changed")\n\(graph)")
    }
    try graph.verify(after: pass.name)
    checkRoundTrip(graph)
    return changed
  }

  private func check(_ values: [ReferenceTensor], against expected: [ReferenceTensor], after pass: String) {
    for (value, expected) in zip(values, expected) where !value.isClose(to: expected) {
      record("\(pass): a result was\n\(expected)\nand is\n\(value)")
    }
  }

  private func checkRoundTrip(_ graph: Graph) {
    let once = graph.description
    do {
      let again = try Graph(parsing: once).description
      if again != once { record("the text does not survive a round trip\n\(once)\n\(again)") }
    } catch {
      record("the printed text does not parse: \(error)\n\(once)")
    }
  }

  private func checkExpectations(of graph: Graph, before: String, changed: Bool) throws {
    if section.isUnchanged, changed || graph.description != before { record("expected no change\n\(graph)") }
    let times = graph.bindingTimes()
    let step = graph.order.filter { times[$0.index] == .step && !graph.inputs.contains($0) }
    if let expected = section.stepNodes, step.count != expected {
      record("expected \(expected) step nodes, found \(step.count)\n\(graph)")
    }
    if let expected = section.stepInstructions {
      let count = step.reduce(0) { $0 + graph.instructionCount(of: $1) }
      if count != expected { record("expected \(expected) step instructions, found \(count)\n\(graph)") }
    }
    do {
      let checks = try fileCheck(graph.description, against: section.text)
      if checks == 0, !section.isUnchanged, section.errors.isEmpty { record("the section checks nothing") }
    } catch {
      record("\(error.problem)\n\(graph)", line: error.line)
    }
  }

  /// A graph that the passes have been over already is as they leave it.
  private func checkSecondRun(of passes: [GraphPass], on graph: Graph) throws {
    var again = graph
    do {
      for pass in passes { _ = try run(pass, on: &again) }
    } catch {
      if section.notIdempotent == nil { throw error }
      return
    }
    let isSame = again.description == graph.description
    if !isSame, section.notIdempotent == nil {
      record("a second run changes the graph to\n\(again)\nfrom\n\(graph)")
    }
    if isSame, section.notIdempotent != nil { record("NOT-IDEMPOTENT, but a second run changes nothing") }
  }
}

extension Graph {
  /// The instructions of a node's body; 0 where it has none.
  fileprivate func instructionCount(of id: ValueID) -> Int {
    switch self[id].op {
    case .linearEpilogue(let body), .convEpilogue(_, let body): return body.instructions.count
    default: break
    }
    return elementwiseBody(of: id)?.expression.instructions.count ?? 0
  }
}

/// Everything that a graph is made of, dead nodes too.
struct GraphSnapshot: Equatable {
  var nodes: [ValueID: Node]
  var results: [Graph.Result]

  init(_ graph: Graph) {
    nodes = Dictionary(uniqueKeysWithValues: graph.liveValues.map { ($0, graph[$0]) })
    results = graph.results
  }
}
