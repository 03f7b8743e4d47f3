import ActIR

/// Folds a frozen per-channel map into the linear layer before it.
///
///     %x = linear %h, %w, %b         %w2 = scale_rows %w, %s
///     %y = affine %x, %s, %t     =>  %b2 = add (mul %b, %s), %t
///                                    %y = linear %h, %w2, %b2
///
/// Only where scale and shift are known at compile time; with a live dial the map is the layer's epilogue.
public let foldAffineIntoLinear = GraphPass(
  "fold-affine-into-linear",
  rules: [
    RewriteRule("fold-affine-into-linear") { id, graph in
      guard case .affine = graph[id].op else { return nil }
      let (x, scale, shift) = (graph[id].inputs[0], graph[id].inputs[1], graph[id].inputs[2])
      let linear = graph[x]
      guard case .linear = linear.op, graph.hasOneUse(x), graph.isOne(scale) || graph.type(scale).rank == 1,
        graph.isZero(shift) || graph.type(shift).rank == 1,
        graph.bindingTime(scale) == .compile, graph.bindingTime(shift) == .compile,
        graph.bindingTime(linear.inputs[1]) == .compile, graph.type(linear.inputs[1]).dtype.isFloat
      else { return nil }
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
      return graph.append(.linear, inputs, name: name, site: graph[id].site ?? linear.site)
    }
  ])
