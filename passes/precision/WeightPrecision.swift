import ActIR

/// Stores the matrices of linear layers and embeddings in `dtype`; sums stay f32.
///
///     %y = linear %x, %w   =>  %w2 = cast %w : bf16[N,K]
///                              %y = linear %x, %w2
///
/// Runs after the frozen folds, so that folded weights are rounded once.
public func weightPrecision(_ dtype: DType) -> GraphPass {
  GraphPass("weight-precision") { graph in
    var casts: [ValueID: ValueID] = [:]
    for id in graph.order {
      var node = graph[id]
      let operand: Int
      switch node.op {
      case .linear, .linearEpilogue: operand = 1
      case .embedding: operand = 0
      default: continue
      }
      let weight = node.inputs[operand]
      guard graph.type(weight).dtype != dtype else { continue }
      if casts[weight] == nil {
        let type = TensorType(dtype, graph.type(weight).shape)
        casts[weight] = graph.append(Node(.cast(dtype), [weight], type, name: graph[weight].name))
      }
      // This operand alone: weight arithmetic, results and other operands keep reading the weight as it is.
      node.inputs[operand] = casts[weight]!
      graph.replace(id, with: graph.append(node))
    }
    return !casts.isEmpty
  }
}
