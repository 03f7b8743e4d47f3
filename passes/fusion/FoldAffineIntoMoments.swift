import ActIR

/// Takes the moments of a map that is the same for all rows of an entry from those of what it maps.
///
///     %y = affine %x, %s, %t      %n = moments %x
///     %m = moments %y         =>  %m = affine %n, (concat %s, s·s), (concat %t, t·0)
///
/// The mean becomes mean·s + t, the variance variance·s². `add`, `sub` and `mul` with what repeats over the rows are such
/// maps too. Only where it saves a pass over the rows: where the moments of x are known already, or where x is in memory
/// anyway and what else reads y takes the map along.
///
///     %m = slice (moments %y), the means   =>   affine (slice (moments %x), the means), %s, %t
public let foldAffineIntoMoments = GraphPass(
  "fold-affine-into-moments",
  rules: [
    RewriteRule("fold-affine-into-moments") { id, graph in
      guard let map = graph.mapUnderMoments(id), !graph.givesMeansAlone(id) else { return nil }
      let node = graph[id]
      var m = graph.append(.moments, map.x, name: "\(graph[map.x].name).moments")
      if let scale = map.scale {
        let row = graph.momentRow(scale, of: map.x)
        let square = graph.append(.binary(.mul), row, row, name: "\(node.name).scale.square")
        let factors = graph.append(.concat(axis: 1), row, square, name: "\(node.name).scale")
        m = graph.append(.binary(.mul), m, factors, name: node.name)
      }
      if let shift = map.shift {
        let row = graph.momentRow(shift.value, of: map.x)
        let zero = graph.append(.constant(0), name: "zero")
        let still = graph.append(.binary(.mul), row, zero, name: "\(node.name).shift.zero")
        let addends = graph.append(.concat(axis: 1), row, still, name: "\(node.name).shift")
        m = graph.append(.binary(shift.function), m, addends, name: node.name)
      }
      if let site = node.site { graph.setSite(m, site) }
      return m
    },
    RewriteRule("fold-affine-into-means") { id, graph in
      guard graph.isMeans(id), let map = graph.mapUnderMoments(graph[id].inputs[0]),
        graph.givesMeansAlone(graph[id].inputs[0])
      else { return nil }
      let node = graph[id]
      let moments = graph.append(.moments, map.x, name: "\(graph[map.x].name).moments")
      var m = graph.append(node.op, moments, name: "\(graph[map.x].name).means")
      if let scale = map.scale {
        m = graph.append(.binary(.mul), m, graph.momentRow(scale, of: map.x), name: "\(node.name).scaled")
      }
      if let shift = map.shift {
        m = graph.append(.binary(shift.function), m, graph.momentRow(shift.value, of: map.x), name: node.name)
      }
      if let site = node.site { graph.setSite(m, site) }
      return m
    },
  ])

/// `x·scale`, and then a shift added or subtracted, both the same for all rows of an entry.
private struct MapOfEntries {
  var x: ValueID
  var scale: ValueID?
  var shift: (function: BinaryFunction, value: ValueID)?
}

extension Graph {
  /// The map whose moments `id` are, where those of what it maps come cheaper; nil where it is none.
  fileprivate func mapUnderMoments(_ id: ValueID) -> MapOfEntries? {
    guard case .moments = self[id].op, let map = mapOfEntries(self[id].inputs[0]),
      savesRows(map, of: self[id].inputs[0])
    else { return nil }
    return map
  }

  /// Whether a value is the means of moments.
  fileprivate func isMeans(_ id: ValueID) -> Bool {
    guard case .slice(let slice) = self[id].op, case .moments = self[self[id].inputs[0]].op else {
      return false
    }
    return slice == Slice(start: 0, count: 1, axis: 1)
  }

  /// Whether of some moments the means are all that is read.
  fileprivate func givesMeansAlone(_ moments: ValueID) -> Bool {
    self[moments].site == nil && !isResult(moments) && readers(of: moments).allSatisfy(isMeans)
  }

  /// The map of x that y is; nil where it is none.
  fileprivate func mapOfEntries(_ y: ValueID) -> MapOfEntries? {
    let inputs = self[y].inputs
    let shape = type(y).shape
    /// Whether a value repeats over all axes between the first and the last.
    func repeats(_ id: ValueID) -> Bool {
      let own = type(id).shape
      let padded = Array(repeating: Dim.fixed(1), count: shape.count - own.count) + own
      return padded.dropFirst().dropLast().allSatisfy { $0 == .fixed(1) }
    }
    switch self[y].op {
    case .affine where type(inputs[0]) == type(y) && repeats(inputs[1]) && repeats(inputs[2]):
      return MapOfEntries(
        x: inputs[0], scale: isOne(inputs[1]) ? nil : inputs[1],
        shift: isZero(inputs[2]) ? nil : (.add, inputs[2]))
    case .binary(let function) where function == .add || function == .sub || function == .mul:
      guard
        let index = inputs.indices.first(where: { index in
          type(inputs[index]) == type(y) && repeats(inputs[1 - index]) && !(function == .sub && index == 1)
        })
      else { return nil }
      let other = inputs[1 - index]
      return function == .mul
        ? MapOfEntries(x: inputs[index], scale: other)
        : MapOfEntries(x: inputs[index], shift: (function, other))
    default: return nil
    }
  }

  /// Whether the moments of x come cheaper than those of y.
  fileprivate func savesRows(_ map: MapOfEntries, of y: ValueID) -> Bool {
    func isMoments(_ id: ValueID) -> Bool { if case .moments = self[id].op { true } else { false } }
    /// Whether the moments are there, else whether the value is, or what it is a map of.
    func isThere(_ map: MapOfEntries, for y: ValueID) -> (moments: Bool, value: Bool) {
      let others = Set(readers(of: map.x)).subtracting([y])
      if others.contains(where: isMoments) { return (true, true) }
      if isResult(map.x) || inputs.contains(map.x) || !others.isEmpty { return (false, true) }
      return mapOfEntries(map.x).map { isThere($0, for: map.x) } ?? (false, false)
    }
    let there = isThere(map, for: y)
    guard !there.moments else { return true }
    let others = Set(readers(of: y).filter { !isMoments($0) })
    return there.value && !isResult(y) && others.count <= 1
      && others.allSatisfy { self[$0].op.isElementwise && type($0) == type(y) }
  }

  /// A scale or a shift of x as a row of moments, `[B or 1,1,C or 1]`.
  fileprivate mutating func momentRow(_ coefficient: ValueID, of x: ValueID) -> ValueID {
    let own = type(coefficient).shape
    let first = own.count == type(x).rank ? own[0] : .fixed(1)
    return append(
      .reshape([first, .fixed(1), own.last ?? .fixed(1)]), coefficient, name: "\(self[coefficient].name).row")
  }
}
