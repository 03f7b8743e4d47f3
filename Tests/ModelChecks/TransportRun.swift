import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPlan
import ActRuntime

extension MapFile {
  /// Rows of a site moved by its transport, in a graph that is the transport alone:
  /// `[rows, width] -> [rows, width]`.
  package func transported(
    _ rows: [Float], at name: String, of model: Model, strength: Float = 1, fuses: Bool = false
  ) throws -> [Float] {
    var map = self
    map.sites = sites.filter { $0.name == name }
    guard let width = map.sites.first?.width else { throw UsageError("no site `\(name)`") }
    var graph = Graph(name: "site")
    let type = TensorType(.f32, [.symbol("T"), .fixed(width)])
    let x = graph.append(Node(.input(name: "x"), [], type, name: "x", site: name))
    graph.addResult("y", x)
    var maps = MapSet()
    try maps.add(fitted: map, name: steeringMap)
    var options = CompileOptions()
    options.fuses = fuses
    let count = rows.count / width
    options.lowering.maximumRows = count
    let engine = try model.compile(graph, maps, options).makeEngine(threads: 1)
    try engine.setStrengths([steeringMap: strength], slot: 1)
    let sequence = try engine.openSequence(capacity: count)
    defer { engine.closeSequence(sequence) }
    guard let input = engine.input("x") else { throw UsageError("no input `x`") }
    input.update(from: rows, count: rows.count)
    try engine.step(
      (0..<count).map { Row(token: 0, position: Int32($0), sequence: sequence, slot: 1) }, logitRows: .none)
    guard let result = engine.result("y") else { throw UsageError("no result `y`") }
    return Array(UnsafeBufferPointer(start: result, count: rows.count))
  }
}
