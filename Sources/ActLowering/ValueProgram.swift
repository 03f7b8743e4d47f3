import ActIR
import ActPlan

extension CompileProgram {
  /// What computes one value of a graph that is known at compile time, under `name`.
  package init(computing value: ValueID, of graph: Graph, name: String) {
    self.init()
    var index: [ValueID: Int] = [:]
    var stack = [(id: value, next: 0)]
    while let (id, next) = stack.last {
      let node = graph[id]
      if index[id] != nil {
        stack.removeLast()
      } else if next < node.inputs.count {
        stack[stack.count - 1].next += 1
        stack.append((node.inputs[next], 0))
      } else {
        stack.removeLast()
        index[id] = values.count
        values.append(
          Plan.Value(
            name: node.name, op: node.op, inputs: node.inputs.map { index[$0]! }, type: node.type, site: nil,
            place: .constant))
      }
    }
    outputs = [(name, index[value]!)]
  }
}
