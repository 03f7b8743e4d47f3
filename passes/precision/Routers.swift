import ActIR

extension Graph {
  /// The linear layers whose values decide what is chosen for a row: those of routers over experts.
  func routers() -> Set<ValueID> {
    var found: Set<ValueID> = []
    var pending: [ValueID] = order.compactMap { id in
      if case .choose = self[id].op { self[id].inputs[0] } else { nil }
    }
    // What lies between is arithmetic on scores: a softmax, a map.
    var seen = Set(pending)
    while let id = pending.popLast() {
      switch self[id].op {
      case .linear, .linearEpilogue:
        found.insert(id)
        // Behind a map's matrix lies the router.
        if isOfMaps(self[id].inputs[1]), seen.insert(self[id].inputs[0]).inserted {
          pending.append(self[id].inputs[0])
        }
      case .softmax, .slice: pending += self[id].inputs.filter { seen.insert($0).inserted }
      case let op where op.isElementwise:
        pending += self[id].inputs.filter { type($0).shape == type(id).shape && seen.insert($0).inserted }
      default: break
      }
    }
    return found
  }
}
