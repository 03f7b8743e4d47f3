import ActIR

/// Computes equal nodes once.
///
///     %a = mul %x, %s
///     %b = mul %x, %s   =>  %b is %a
///
/// Nodes are equal where op, operands and type are; the first keeps its name and its site.
public let commonSubexpressions = GraphPass("common-subexpressions") { graph in
  struct Key: Hashable {
    var op: Op
    var inputs: [ValueID]
    var type: TensorType
  }
  var first: [Key: ValueID] = [:]
  var changed = false
  for id in graph.order {
    let node = graph[id]
    if case .input = node.op { continue }
    let key = Key(op: node.op, inputs: node.inputs, type: node.type)
    guard let earlier = first[key] else {
      first[key] = id
      continue
    }
    // Two sites are two places to look at, even where their values are equal.
    if let site = node.site {
      if graph[earlier].site != nil { continue }
      graph.setSite(earlier, site)
    }
    graph.replace(id, with: earlier)
    changed = true
  }
  return changed
}
