import ActIR

/// Lets a linear layer finish what follows it elementwise, while its outputs are still in registers.
///
///     %x = linear %h, %w, %b
///     %y = add %x, %r         =>  %y = linear_epilogue %h, %w, %b, %r {body = "t0 = add $0, $1; add t0, $2"}
///
/// Takes the bias, a live transport, an activation function and the residual alike.
public let fuseEpilogues = GraphPass(
  "fuse-epilogues",
  rules: [
    RewriteRule("fuse-epilogues") { id, graph in
      guard graph[id].op.isElementwise, graph[id].type.dtype == .f32,
        let outer = graph.elementwiseBody(of: id)
      else {
        return nil
      }
      for (index, producer) in outer.inputs.enumerated() {
        guard let linear = graph.epilogue(of: producer), graph[producer].type == graph[id].type,
          graph.readers(of: producer).allSatisfy({ $0 == id }), !graph.isResult(producer),
          outer.inputs.allSatisfy({ graph.fitsEpilogue($0, of: producer) }),
          // A product that is known earlier would be computed in every step.
          graph.bindingTime(producer) == graph.bindingTime(id)
        else { continue }
        // The product has no value of its own any more; the layer's id stands for it.
        let body = outer.expression.inlining(
          linear.expression, at: index, outer: outer.inputs, inner: [producer] + linear.operands,
          first: [producer])
        guard body.expression.fitsKernels else { continue }
        let inputs = Array(graph[producer].inputs.prefix(2)) + body.keys.dropFirst()
        return graph.append(
          .linearEpilogue(body.expression), inputs, name: graph[id].name, site: graph[id].site)
      }
      return nil
    }
  ])

extension Graph {
  /// What a linear layer does after the product, over `[product] + operands`; nil for other nodes.
  fileprivate func epilogue(of id: ValueID) -> (expression: Expression, operands: [ValueID])? {
    let node = self[id]
    switch node.op {
    case .linear where node.inputs.count == 2: return (Expression(inputCount: 1, instructions: []), [])
    case .linear:
      let add = Expression.Instruction(.binary(.add), [.input(0), .input(1)])
      return (Expression(inputCount: 2, instructions: [add]), [node.inputs[2]])
    case .linearEpilogue(let body): return (body, Array(node.inputs.dropFirst(2)))
    default: return nil
    }
  }

  fileprivate func fitsEpilogue(_ operand: ValueID, of linear: ValueID) -> Bool {
    let shape = type(linear).shape
    return [.f32, .bool].contains(type(operand).dtype)
      && [Dim].broadcast([type(operand).shape, shape]) == shape
      && RowPattern.isWithin(type(operand).shape, shape)
  }
}
