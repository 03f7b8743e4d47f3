import ActIR

/// Makes one node of elementwise nodes that feed each other, so that values between them stay in registers.
///
///     %a = silu %g
///     %y = mul %a, %u   =>  %y = fused %g, %u {body = "t0 = silu $0; mul t0, $1"}
///
/// Only within one binding time: fusing a value that is known earlier would compute it in every step.
public let fuseElementwise = GraphPass("fuse-elementwise") { graph in
  var changed = false
  var times = graph.bindingTimes()
  for root in graph.order where graph.isLive(root) && graph[root].op.isElementwise {
    var id = root
    while let (producer, body) = graph.fusableProducer(of: id, times) {
      let node = graph[id]
      let fused = graph.append(
        Node(.fused(body.expression), body.inputs, node.type, name: node.name, site: node.site))
      times.append(times[id.index])
      graph.replace(id, with: fused)
      graph.eraseIfDead(producer)
      id = fused
      changed = true
    }
  }
  return changed
}

extension Graph {
  /// An operand of `id` that may join it, and the body that results.
  fileprivate func fusableProducer(
    of id: ValueID, _ times: [BindingTime]
  ) -> (ValueID, (expression: Expression, inputs: [ValueID]))? {
    guard self[id].type.dtype != .bool, let outer = elementwiseBody(of: id) else { return nil }
    for (index, producer) in outer.inputs.enumerated() where self[producer].op.isElementwise {
      // A mask of the same rows is computed again by each of its readers rather than stored; one that is known
      // earlier stays an operand.
      let mask = self[producer].type.dtype == .bool
      guard mask || (readers(of: producer).allSatisfy { $0 == id } && !isResult(producer)),
        self[producer].type.shape == self[id].type.shape, times[producer.index] == times[id.index],
        let inner = elementwiseBody(of: producer)
      else { continue }
      let body = outer.expression.inlining(
        inner.expression, at: index, outer: outer.inputs, inner: inner.inputs)
      // Constants are part of the body; a body of nothing else has no value to run over.
      guard body.expression.fitsKernels, !body.keys.isEmpty else { continue }
      return (producer, (body.expression, body.keys))
    }
    return nil
  }
}
