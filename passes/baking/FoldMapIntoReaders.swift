import ActIR

/// Folds a frozen map that mixes channels into the linear layers that read it, where nothing else does.
///
///     %p = linear %x, %v               %g = linear %w, (permute %u)      W times the map's matrix, found from its
///     %d = linear %p, %u               %h = linear %g, (permute %v)      value back to x,
///     %y = add %x, %d              =>  %w2 = add %w, %h                  and W times its value at 0
///     %z = linear %y, %w, %b           %z = linear %x, %w2, %b2
///
/// What takes a map of a norm, whose gain mixes nothing.
public let foldMapIntoReaders = GraphPass(
  "fold-map-into-readers",
  rules: [
    RewriteRule("fold-map-into-readers") { x, graph, times in
      guard let region = MapRegion(behind: x, in: graph, times), let y = region.nodes.last,
        !graph.isResult(y), graph.readers(of: y).allSatisfy({ graph.isStoredLinear($0, of: y, times) })
      else { return nil }
      let readers = graph.readers(of: y)
      let folded = readers.compactMap { graph.fold(region, into: $0) }
      guard folded.count == readers.count else { return nil }
      for (reader, folded) in zip(readers, folded) { graph.replace(reader, with: folded) }
      return x
    }
  ])

extension Graph {
  /// Whether a node is a linear layer of constant weights, not packed, whose only use of `value` is as its input.
  fileprivate func isStoredLinear(_ id: ValueID, of value: ValueID, _ times: BindingTimes) -> Bool {
    let node = self[id]
    guard case .linear = node.op else { return false }
    return node.inputs[0] == value && !node.inputs.dropFirst().contains(value)
      && node.inputs.dropFirst().allSatisfy { times[$0] == .compile } && type(node.inputs[1]).dtype.isFloat
  }

  /// The reader with the map in its weights; nil where the map's constant has another shape than a row.
  fileprivate mutating func fold(_ region: MapRegion, into reader: ValueID) -> ValueID? {
    let node = self[reader]
    let (name, matrix) = (node.name, node.inputs[1])
    let channels = type(node.inputs[0]).shape.last!
    var shift: ValueID?
    if let constant = replay(region, on: nil, keepsConstants: true) {
      switch type(constant).shape {
      case [channels]: shift = constant
      case [.fixed(1), channels]: shift = append(.reshape([channels]), constant, name: "\(name).shift")
      default: return nil
      }
    }
    guard let weight = adjoint(of: region, on: matrix) else { return nil }
    var inputs = [region.start, weight]
    if let shift {
      var bias = append(.matvec, matrix, shift, name: "\(name).bias.folded")
      if node.inputs.count == 3 {
        bias = append(.binary(.add), node.inputs[2], bias, name: "\(name).bias.folded")
      }
      inputs.append(bias)
    } else {
      inputs += node.inputs.dropFirst(2)
    }
    return append(node.op, inputs, name: name, site: node.site)
  }

  /// `rows` times the matrix of a map: what each row of weights that reads its value reads of its start.
  private mutating func adjoint(of region: MapRegion, on rows: ValueID) -> ValueID? {
    var wide = rows
    if type(wide).dtype != .f32 { wide = append(.cast(.f32), wide, name: "\(self[rows].name).wide") }
    var parts: [ValueID: ValueID] = [region.nodes[region.nodes.count - 1]: wide]
    let inside = Set(region.nodes + [region.start])
    for id in region.nodes.reversed() {
      guard let part = parts[id] else { continue }
      let node = self[id]
      func give(_ operand: Int, _ value: ValueID, _ graph: inout Graph) {
        let target = node.inputs[operand]
        guard inside.contains(target) else { return }
        let summed = graph.summed(value, over: target)
        parts[target] =
          parts[target].map { graph.append(.binary(.add), $0, summed, name: node.name) } ?? summed
      }
      switch node.op {
      case .binary(.add):
        give(0, part, &self)
        give(1, part, &self)
      case .binary(.sub):
        give(0, part, &self)
        if inside.contains(node.inputs[1]) {
          give(1, append(.unary(.neg), part, name: node.name), &self)
        }
      case .unary(.neg): give(0, append(.unary(.neg), part, name: node.name), &self)
      case .binary(.mul):
        let operand = inside.contains(node.inputs[0]) ? 0 : 1
        give(operand, append(.binary(.mul), part, node.inputs[1 - operand], name: node.name), &self)
      case .binary(.div): give(0, append(.binary(.div), part, node.inputs[1], name: node.name), &self)
      case .affine: give(0, append(.binary(.mul), part, node.inputs[1], name: node.name), &self)
      case .linear:
        let turned = append(.permute([1, 0]), node.inputs[1], name: "\(node.name).turned")
        give(0, append(.linear, part, turned, name: node.name), &self)
      default: return nil
      }
    }
    return parts[region.start]
  }

  /// `value`, summed over its channels where `target` has one that was repeated.
  private mutating func summed(_ value: ValueID, over target: ValueID) -> ValueID {
    guard type(target).shape.last == .fixed(1), type(value).shape.last != .fixed(1) else { return value }
    return append(.reduce(.sum), value, name: "\(self[value].name).sum")
  }
}
