import ActIR

/// Folds a frozen map that mixes channels (low rank, dense, a projector) into the linear layers that read it, where
/// nothing else does.
///
///     %p = linear %x, %v               %pt = linear %w, (permute %u)     a row of W is a function of the map's value:
///     %d = linear %p, %u               %dt = linear %pt, (permute %v)    W (A x + c) = (W A) x + W c
///     %y = add %x, %d              =>  %w2 = add %w, %dt
///     %z = linear %y, %w               %z = linear %x, %w2
public let foldMapIntoReaders = GraphPass(
  "fold-map-into-readers",
  rules: [
    RewriteRule("fold-map-into-readers") { id, graph, times in
      let layer = graph[id]
      guard graph.takesMap(id, of: layer.inputs.first, times),
        let region = MapRegion(endingIn: layer.inputs[0], in: graph, times), !graph.isResult(region.value),
        graph.readers(of: region.value).allSatisfy({ graph.takesMap($0, of: region.value, times) })
      else { return nil }
      let name = layer.name
      let rows = graph.wide(layer.inputs[1], name: "\(name).weight.rows")
      guard let weight = graph.pull(rows, through: region) else { return nil }
      var inputs = [region.x, weight]
      var bias = layer.inputs.count == 3 ? layer.inputs[2] : nil
      if let constant = graph.run(region, on: nil, keepsConstants: true) {
        guard let shift = graph.vector(constant, of: region, name: "\(name).shift") else { return nil }
        let moved = graph.append(.matvec, layer.inputs[1], shift, name: "\(name).bias.folded")
        bias = bias.map { graph.append(.binary(.add), $0, moved, name: "\(name).bias.folded") } ?? moved
      }
      if let bias { inputs.append(bias) }
      return graph.append(layer.op, inputs, name: name, site: layer.site)
    }
  ])

extension Graph {
  /// Whether a node is a linear layer of the model, with constant weights that are not packed yet, whose input is
  /// `value`.
  fileprivate func takesMap(_ id: ValueID, of value: ValueID?, _ times: BindingTimes) -> Bool {
    let node = self[id]
    guard case .linear = node.op, let value, times[id].isOfCall, node.inputs[0] == value else { return false }
    return node.inputs.dropFirst().allSatisfy({ times[$0] == .compile })
      && type(node.inputs[1]).dtype.isFloat && !isOfMaps(node.inputs[1])
  }
}
