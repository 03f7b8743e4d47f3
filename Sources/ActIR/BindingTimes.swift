/// The binding times of a graph's values, found once for many questions.
public struct BindingTimes: Sendable {
  private var times: [BindingTime]

  /// The binding times of a graph as it is now.
  public init(of graph: Graph) { times = graph.bindingTimes() }

  /// The binding time of a value; `step`, which forbids most, for one that no result needed then or that is newer.
  public subscript(id: ValueID) -> BindingTime { id.index < times.count ? times[id.index] : .step }

  /// Adds the values that `graph` has gained. Operands are older than the nodes that read them.
  mutating func extend(to graph: Graph) {
    for index in times.count..<graph.valueBound {
      let id = ValueID(index: index)
      guard graph.isLive(id) else {
        times.append(.step)
        continue
      }
      let node = graph[id]
      var time = node.op.traits.bindingTime
      for input in node.inputs { time = max(time, self[input]) }
      times.append(time)
    }
  }
}
