import ActIR

/// Lets a linear layer or a convolution finish what follows it elementwise, while its outputs are still in registers.
///
///     %x = linear %h, %w, %b
///     %y = add %x, %r         =>  %y = linear_epilogue %h, %w, %b, %r {body = "t0 = add $0, $1; add t0, $2"}
///
/// Takes the bias, a live transport, an activation function and the residual alike.
public let fuseEpilogues = GraphPass(
  "fuse-epilogues",
  rules: [
    RewriteRule("fuse-epilogues") { id, graph, times in
      guard graph[id].op.isElementwise, graph[id].type.dtype == .f32,
        let outer = graph.elementwiseBody(of: id)
      else {
        return nil
      }
      for (index, producer) in outer.inputs.enumerated() {
        let layer = graph[producer]
        guard let earlier = layer.op.epilogue(operandCount: layer.inputs.count), layer.type == graph[id].type,
          graph.readers(of: producer).allSatisfy({ $0 == id }), !graph.isResult(producer),
          outer.inputs.allSatisfy({ graph.fitsEpilogue($0, of: producer) }),
          // A product that is known earlier would be computed in every step.
          times[producer] == times[id]
        else { continue }
        // The product has no value of its own any more; the layer's id stands for it.
        let body = outer.expression.inlining(
          earlier, at: index, outer: outer.inputs, inner: [producer] + layer.inputs.dropFirst(2),
          first: [producer])
        guard body.expression.fitsKernels, let op = layer.op.withEpilogue(body.expression) else { continue }
        let inputs = Array(layer.inputs.prefix(2)) + body.keys.dropFirst()
        return graph.append(op, inputs, name: graph[id].name, site: graph[id].site)
      }
      return nil
    }
  ])

extension Graph {
  fileprivate func fitsEpilogue(_ operand: ValueID, of layer: ValueID) -> Bool {
    let shape = type(layer).shape
    return [.f32, .bool].contains(type(operand).dtype)
      && [Dim].broadcast([type(operand).shape, shape]) == shape
      && RowPattern.isWithin(type(operand).shape, shape)
  }
}
