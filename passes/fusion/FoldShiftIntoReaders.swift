import ActIR

/// Moves a live shift after the linear layers that read it, where nothing else does.
///
///     %p = mul %c, %l                %x = linear %h, %w
///     %t = add %h, %p                %d = matvec %w, %c         known at compile time
///     %x = linear %t, %w, %b     =>  %q = mul %d, %l
///                                    %y = add %x, %q            the layer's epilogue takes it
///
/// `%c` is a vector known at compile time, `%l` a scalar known when a dial moves. A shift that is frozen is in the layers'
/// biases already. Convolutions are left alone: a padded one does not shift the zeros past the image.
public let foldShiftIntoReaders = GraphPass(
  "fold-shift-into-readers",
  rules: [
    RewriteRule("fold-shift-into-readers") { id, graph, times in
      guard case .linear = graph[id].op else { return nil }
      let linear = graph[id]
      guard let shift = graph.liveShift(linear.inputs[0], times) else { return nil }
      let name = linear.name
      let product = graph.append(
        .linear, [shift.x] + linear.inputs.dropFirst(), name: "\(name).unshifted")
      let turned = graph.append(.matvec, linear.inputs[1], shift.vector, name: "\(name).shift.turned")
      let part = graph.append(.binary(.mul), turned, shift.strength, name: "\(name).shift")
      return graph.append(.binary(.add), product, part, name: name, site: linear.site)
    }
  ])

/// `x + vector · strength`
private struct LiveShift {
  var x, vector, strength: ValueID
}

extension Graph {
  /// The shift that a value is, where all that reads it are linear layers that can take it.
  fileprivate func liveShift(_ id: ValueID, _ times: BindingTimes) -> LiveShift? {
    let node = self[id]
    let x: ValueID
    let shift: ValueID
    switch node.op {
    case .affine where isOne(node.inputs[1]): (x, shift) = (node.inputs[0], node.inputs[2])
    case .binary(.add):
      // The vector may stand on either side.
      let isFirst = type(node.inputs[0]) == node.type
      (x, shift) = isFirst ? (node.inputs[0], node.inputs[1]) : (node.inputs[1], node.inputs[0])
    default: return nil
    }
    guard type(x) == node.type, times[x].isOfCall, times[shift] == .set, !isResult(id),
      case .binary(.mul) = self[shift].op, let channels = node.type.shape.last
    else { return nil }
    let factors = self[shift].inputs
    guard let vector = factors.first(where: { times[$0] == .compile && type($0).shape == [channels] }),
      let strength = factors.first(where: { times[$0] == .set && type($0).shape.isEmpty }),
      readers(of: id).allSatisfy({ takesShift(of: id, $0, times) })
    else { return nil }
    return LiveShift(x: x, vector: vector, strength: strength)
  }

  /// Whether a reader is a linear layer with constant weights, not packed yet, whose only use of `value` is as its input.
  private func takesShift(of value: ValueID, _ reader: ValueID, _ times: BindingTimes) -> Bool {
    let node = self[reader]
    guard case .linear = node.op, node.inputs[0] == value, !node.inputs.dropFirst().contains(value) else {
      return false
    }
    return times[node.inputs[1]] == .compile && type(node.inputs[1]).dtype.isFloat
  }
}
