import ActIR

/// Folds a frozen per-channel map into the linear layers that read it, where nothing else does.
///
///     %t = affine %x, %s, %b         linear(s·x + b, W) = x (W diag s)ᵀ + W b
///     %y = linear %t, %w         =>  %y = linear %x, (scale_columns %w, %s), (matvec %w, %b)
public let foldAffineIntoReaders = GraphPass(
  "fold-affine-into-readers",
  rules: [
    RewriteRule("fold-affine-into-readers") { id, graph in
      guard case .linear = graph[id].op else { return nil }
      let linear = graph[id]
      let t = linear.inputs[0]
      guard let map = graph.affineMap(t), graph.readersTake(map, of: t) else { return nil }
      let (scale, shift) = (graph[t].inputs[1], graph[t].inputs[2])
      let name = linear.name
      var inputs = [map.x, linear.inputs[1]]
      if !graph.isOne(scale) {
        inputs[1] = graph.append(.scaleColumns, inputs[1], scale, name: "\(name).weight.folded")
      }
      if graph.isZero(shift) {
        inputs += linear.inputs.dropFirst(2)
      } else {
        var bias = graph.append(.matvec, linear.inputs[1], shift, name: "\(name).bias.folded")
        if linear.inputs.count == 3 {
          bias = graph.append(.binary(.add), linear.inputs[2], bias, name: "\(name).bias.folded")
        }
        inputs.append(bias)
      }
      return graph.append(.linear, inputs, name: name, site: linear.site)
    }
  ])

extension Graph {
  /// Whether all readers of `y`, the map's value, are linear layers that can take the map into their weights.
  func readersTake(_ map: AffineMap, of y: ValueID) -> Bool {
    !isResult(y) && !readers(of: y).isEmpty && map.isOfWeights
      && readers(of: y).allSatisfy { readsOnlyAsLinearInput($0, y) }
  }

  /// Whether `reader` is a linear layer with constant weights, not packed yet, whose only use of `value` is as its input.
  fileprivate func readsOnlyAsLinearInput(_ reader: ValueID, _ value: ValueID) -> Bool {
    let node = self[reader]
    guard case .linear = node.op else { return false }
    return node.inputs[0] == value && !node.inputs.dropFirst().contains(value)
      && bindingTime(node.inputs[1]) == .compile && type(node.inputs[1]).dtype.isFloat
  }
}
