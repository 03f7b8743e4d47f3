import ActIR

/// Makes one linear layer of those that read the same value (query, key and value; gate and up).
///
///     %q = linear %x, %wq        %w = concat %wq, %wk
///     %k = linear %x, %wk    =>  %m = linear %x, %w
///                                %q = slice %m {start = 0, count = 576}
///                                %k = slice %m {start = 576, count = 192}
///
/// The slices are views: nothing is copied in the step. A layer stays alone whose value is read where rows may have no
/// gaps between them, as where it is reshaped to heads: its slice would be a copy. So do routers over experts, since their
/// matrices are stored in another type.
public let mergeLinears = GraphPass("merge-linears") { graph in
  var changed = false
  let needed = graph.order
  let times = graph.bindingTimes()
  let isNeeded = Set(needed)
  let routers = graph.routers()
  // Only in the step: among weights, a layer's value may be the matrix of the next. From the results up, so that a
  // layer is merged after those that read it.
  for x in needed.reversed() where times[x.index].isOfCall {
    // Layers merge with those of the same kind only: with or without bias, one element type.
    var groups: [[ValueID]] = []
    for reader in graph.readers(of: x)
    where isNeeded.contains(reader) && !routers.contains(reader) && graph.mayMerge(reader, x, times) {
      if let at = groups.firstIndex(where: { graph.sameKind($0[0], reader) }) {
        groups[at].append(reader)
      } else {
        groups.append([reader])
      }
    }
    for group in groups where group.count > 1 {
      graph.merge(group)
      changed = true
    }
  }
  return changed
}

extension Graph {
  fileprivate func mayMerge(_ id: ValueID, _ x: ValueID, _ times: [BindingTime]) -> Bool {
    guard case .linear = self[id].op, self[id].inputs[0] == x, !self[id].inputs.dropFirst().contains(x) else {
      return false
    }
    return self[id].inputs.dropFirst().allSatisfy { times[$0.index] == .compile && type($0).dtype.isFloat }
      && !readers(of: id).contains { self[$0].op.traits.flags.contains(.contiguous) }
  }

  fileprivate func sameKind(_ a: ValueID, _ b: ValueID) -> Bool {
    self[a].inputs.count == self[b].inputs.count
      && type(self[a].inputs[1]).dtype == type(self[b].inputs[1]).dtype
  }

  fileprivate mutating func merge(_ group: [ValueID]) {
    let first = self[group[0]]
    let name = first.name + ".merged"
    var inputs = [
      first.inputs[0], append(.concat(), group.map { self[$0].inputs[1] }, name: name + ".weight"),
    ]
    if first.inputs.count == 3 {
      inputs.append(append(.concat(), group.map { self[$0].inputs[2] }, name: name + ".bias"))
    }
    let merged = append(.linear, inputs, name: name)
    var start = 0
    for id in group {
      let node = self[id]
      let count = type(node.inputs[1]).shape[0].fixed!
      replace(id, with: append(.slice(start: start, count: count), merged, name: node.name, site: node.site))
      start += count
    }
  }
}
