import ActIR

/// What the matrices of a plan hold.
public enum WeightType: String, Hashable, Sendable, CaseIterable {
  /// Single precision.
  case f32
  /// Half of that: 8 bits of exponent and 8 of precision.
  case bf16
  /// Integers of 8 bits with a scale for every 32 of a row.
  case q8
  /// Integers of 4 bits with a scale and an offset for every 32 of a row; 8 bits in embedding and head, where 4 do most harm.
  case q4
}

/// Lays out the matrices of linear layers for the kernels that stream them, in `weights` or, where that is nil, in the
/// checkpoint's own type.
///
///     %y = linear %x, %w   =>  %w2 = pack %w : q8x16[N,K]
///                              %y = linear %x, %w2
///
/// Runs after the frozen folds and the merges, so that folded weights are rounded once.
public func packWeights(_ weights: WeightType?) -> GraphPass {
  GraphPass("pack-weights") { graph in
    let times = graph.bindingTimes()
    let vocabulary = graph.vocabularyMatrices()
    var stored: [ValueID: ValueID] = [:]
    for id in graph.order {
      var node = graph[id]
      guard times[id.index] == .step, let operand = node.op.traits.matrixOperand else { continue }
      let weight = node.inputs[operand]
      let type = graph.type(weight)
      guard type.dtype.isFloat, times[weight.index] == .compile else { continue }
      if stored[weight] == nil {
        let streams = graph.readers(of: weight).contains { graph[$0].op.traits.matrixOperand == 1 }
        // A map's own matrices are few, and rounding them would change the map.
        let isOfMap = graph.isOfMaps(weight)
        let op =
          isOfMap
          ? storage(.f32, as: nil, streams: streams, isVocabulary: false)
          : storage(type.dtype, as: weights, streams: streams, isVocabulary: vocabulary.contains(weight))
        stored[weight] =
          op.map {
            graph.append(Node($0.op, [weight], TensorType($0.dtype, type.shape), name: graph[weight].name))
          }
          ?? weight
      }
      guard stored[weight] != weight else { continue }
      // This operand alone: weight arithmetic, results and other operands keep reading the weight as it is.
      node.inputs[operand] = stored[weight]!
      graph.replace(id, with: graph.append(node))
    }
    return stored.contains { $0.key != $0.value }
  }
}

/// What turns a matrix of `dtype` into what the plan stores; nil where it stays as it is.
private func storage(
  _ dtype: DType, as weights: WeightType?, streams: Bool, isVocabulary: Bool
) -> (op: Op, dtype: DType)? {
  func pack(_ packed: DType) -> (Op, DType) { (.pack(packed), packed) }
  // A table that is only looked up needs no panels.
  func cast(_ plain: DType) -> (Op, DType)? { dtype == plain || weights == nil ? nil : (.cast(plain), plain) }
  return switch weights ?? (dtype == .bf16 ? .bf16 : .f32) {
  case .f32: streams ? pack(.f32x16) : cast(.f32)
  case .bf16: streams ? pack(.bf16x16) : cast(.bf16)
  case .q8: pack(.q8x16)
  case .q4: pack(isVocabulary ? .q8x16 : .q4x16)
  }
}

extension Graph {
  /// The matrices with a row for each token: embeddings, and heads, which see only the rows whose logits are wanted.
  ///
  /// Not every product that is a result is a head's: where activations are recorded, layers have results too.
  fileprivate func vocabularyMatrices() -> Set<ValueID> {
    Set(
      order.compactMap { id in
        switch self[id].op {
        case .embedding: self[id].inputs[0]
        case .linear, .linearEpilogue: type(id).shape.first == .symbol("R") ? self[id].inputs[1] : nil
        default: nil
        }
      })
  }
}
