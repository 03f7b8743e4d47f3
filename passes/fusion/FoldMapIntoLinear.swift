import ActIR

/// Folds a frozen map that mixes channels (low rank, dense, a projector) into the linear layer or the convolution before it.
///
///     %x = linear %h, %w, %b           %wt = permute %w            W's columns are rows of x's channels,
///     %p = linear %x, %v               %pt = linear %wt, %v        and the map is linear in them up to
///     %d = linear %p, %u               %dt = linear %pt, %u        a constant, which goes to the bias
///     %y = add %x, %d              =>  %yt = add %wt, %dt
///                                      %w2 = permute %yt
///                                      %y = linear %h, %w2, %b2
///
/// Whatever the map is made of, it is run on the weights as it would have run on the rows.
public let foldMapIntoLinear = GraphPass(
  "fold-map-into-linear",
  rules: [
    RewriteRule("fold-map-into-linear") { x, graph, times in
      let layer = graph[x]
      guard layer.op.isPlainProduct, graph.type(layer.inputs[1]).dtype.isFloat, times[x].isOfCall,
        layer.inputs.dropFirst().allSatisfy({ times[$0] == .compile }),
        let region = MapRegion(behind: x, in: graph, times)
      else { return nil }
      return graph.fold(region)
    }
  ])

extension Graph {
  fileprivate mutating func fold(_ region: MapRegion) -> ValueID? {
    let node = self[region.x]
    let name = node.name
    let columns = append(.permute([1, 0]), node.inputs[1], name: "\(name).weight.columns")
    guard let weight = run(region, on: columns, keepsConstants: false),
      let channels = type(region.x).shape.last
    else { return nil }
    var inputs = [node.inputs[0], append(.permute([1, 0]), weight, name: "\(name).weight.folded")]
    var row: ValueID?
    if node.inputs.count == 3 {
      row = append(.reshape([.fixed(1), channels]), node.inputs[2], name: "\(name).bias.row")
    }
    if let bias = run(region, on: row, keepsConstants: true) {
      guard let bias = vector(bias, of: region, name: "\(name).bias.folded") else { return nil }
      inputs.append(bias)
    }
    let folded = append(node.op, inputs, name: name, site: self[region.value].site(after: node))
    replace(region.value, with: folded)
    return folded
  }
}
