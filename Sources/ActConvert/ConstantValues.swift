import ActFormats
import ActIR
import ActPlan
import ActRuntime

extension Graph {
  /// Computes values that are known when a graph is compiled, with the kernels that compiling uses.
  ///
  /// - Parameters:
  ///   - ids: f32 values of compile time, each once.
  ///   - leaf: the bytes of a weight or of a map's parameter.
  /// - Returns: the elements of each.
  /// - Throws: what `leaf` throws, and `EngineError` for memory that cannot be had.
  func constants(_ ids: [ValueID], leaf: (Op) throws -> OwnedBytes) throws -> [[Float]] {
    var graph = self
    graph.removeResults()
    for (index, id) in ids.enumerated() { graph.addResult("\(index)", id) }
    var program = CompileProgram()
    var indices: [ValueID: Int] = [:]
    for id in graph.order where !graph.inputs.contains(id) {
      let node = graph[id]
      indices[id] = program.values.count
      program.values.append(
        Plan.Value(
          name: node.name, op: node.op, inputs: node.inputs.map { indices[$0]! }, type: node.type, site: nil,
          place: .constant))
    }
    program.outputs = ids.map { ("", indices[$0]!) }
    var values: [[Float]] = []
    try ConstantEvaluator().run(program, source: leaf) { _, value, _ in
      values.append(Array(value.bytes.bindMemory(to: Float.self)))
    }
    return values
  }
}
