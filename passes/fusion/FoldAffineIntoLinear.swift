import ActIR

/// Folds a frozen per-channel map into the linear layer or the convolution before it.
///
///     %x = linear %h, %w, %b         %w2 = scale_rows %w, %s
///     %y = affine %x, %s, %t     =>  %b2 = add (mul %b, %s), %t
///                                    %y = linear %h, %w2, %b2
///
/// Only where scale and shift are known at compile time; with a live dial the map is the layer's epilogue.
public let foldAffineIntoLinear = GraphPass(
  "fold-affine-into-linear",
  rules: [
    RewriteRule("fold-affine-into-linear") { id, graph, times in
      guard let map = graph.affineMap(id, times), graph.linearTakes(map, times) else { return nil }
      let (linear, scale, shift) = (graph[map.x], graph[id].inputs[1], graph[id].inputs[2])
      let name = linear.name
      var inputs = Array(linear.inputs.prefix(2))
      if !graph.isOne(scale) {
        inputs[1] = graph.append(.scaleRows, inputs[1], scale, name: "\(name).weight.folded")
      }
      if linear.inputs.count == 3 {
        let scaled = graph.scaled(linear.inputs[2], by: scale, name: "\(name).bias.folded")
        inputs.append(graph.append(.binary(.add), scaled, shift, name: "\(name).bias.folded"))
      } else if !graph.isZero(shift) {
        inputs.append(shift)
      }
      return graph.append(linear.op, inputs, name: name, site: graph[id].site(after: linear))
    }
  ])

extension Graph {
  /// Whether the map's x is a linear layer or a convolution, not packed yet, that can take the map into its weights.
  func linearTakes(_ map: AffineMap, _ times: BindingTimes) -> Bool {
    let linear = self[map.x]
    guard linear.op.isPlainProduct, map.ownsX, map.isOfWeights else { return false }
    return times[linear.inputs[1]] == .compile && type(linear.inputs[1]).dtype.isFloat
  }
}
