import ActIR

/// Turns dials into constants, so that everything that hangs on them is known at compile time.
///
///     %l = dial {name = "m"}  =>  %l = constant {value = 0.5}
public func freezeDials(_ strengths: [String: Float]) -> GraphPass {
  GraphPass("freeze-dials") { graph in
    var left = Set(strengths.keys)
    for id in graph.order {
      guard case .dial(let name, let scope) = graph[id].op, let strength = strengths[name] else { continue }
      // A constant knows no tokens.
      guard scope == .all else {
        throw TransportError(
          problem: "cannot freeze `\(name)`: it applies to some tokens only; keep its dial")
      }
      graph.setOp(id, .constant(strength))
      left.remove(name)
    }
    for id in graph.order {
      guard case .gateBound(let gate, _) = graph[id].op, strengths[gate.map] != nil else { continue }
      throw TransportError(
        problem:
          "cannot freeze `\(gate.map)`: a gate of `\(gate.score)` decides at run time where it acts; keep its dial"
      )
    }
    if let name = left.min() { throw TransportError(problem: "cannot freeze `\(name)`: no such dial") }
    return !strengths.isEmpty
  }
}
