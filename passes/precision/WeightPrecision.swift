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
      let weight: ValueID
      switch graph[id].op {
      case .linear, .linearEpilogue: weight = graph[id].inputs[1]
      case .embedding: weight = graph[id].inputs[0]
      default: continue
      }
      guard casts[weight] == nil, graph.type(weight).dtype != dtype else { continue }
      let type = TensorType(dtype, graph.type(weight).shape)
      casts[weight] = graph.append(Node(.cast(dtype), [weight], type, name: graph[weight].name))
    }
    for (weight, cast) in casts.sorted(by: { $0.key < $1.key }) {
      // Weight arithmetic keeps reading the weight as it is.
      let arithmetic = graph.readers(of: weight).filter { reader in
        switch graph[reader].op {
        case .linear, .linearEpilogue, .embedding: false
        default: true
        }
      }
      graph.replace(weight, with: cast, except: Set(arithmetic))
    }
    return !casts.isEmpty
  }
}
