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
/// Matrices of experts, which lie in a stack, are packed one by one. Those of routers keep the checkpoint's own precision
/// where integers are asked for: an expert is chosen or is not, and there are few of them.
///
/// Runs after the frozen folds and the merges, so that folded weights are rounded once.
public func packWeights(_ weights: WeightType?) -> GraphPass {
  GraphPass("pack-weights") { graph in
    let times = graph.bindingTimes()
    let vocabulary = graph.vocabularyMatrices()
    let routers = Set(graph.routers().map { graph[$0].inputs[1] })
    var stored: [ValueID: ValueID] = [:]
    for id in graph.order {
      var node = graph[id]
      guard times[id.index].isOfCall, let operand = node.op.traits.matrixOperand else { continue }
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
          : storage(
            type.dtype, as: routers.contains(weight) ? weights.flatMap(\.ofFloats) : weights,
            streams: streams,
            isVocabulary: vocabulary.contains(weight))
        stored[weight] = op.map { graph.store(weight, by: $0.op, as: $0.dtype) } ?? weight
      }
      guard stored[weight] != weight else { continue }
      // This operand alone: weight arithmetic, results and other operands keep reading the weight as it is.
      node.inputs[operand] = stored[weight]!
      graph.replace(id, with: graph.append(node))
    }
    return stored.contains { $0.key != $0.value }
  }
}

extension WeightType {
  /// The type, where it holds floats; nil where it holds integers.
  fileprivate var ofFloats: WeightType? {
    switch self {
    case .f32, .bf16: self
    case .q8, .q4: nil
    }
  }
}

extension Graph {
  /// A matrix as the plan stores it, or matrices that are stored one by one.
  fileprivate mutating func store(_ weight: ValueID, by op: Op, as dtype: DType) -> ValueID {
    let node = self[weight]
    guard case .stack = node.op else {
      return append(Node(op, [weight], TensorType(dtype, node.type.shape), name: node.name))
    }
    return append(.stack, node.inputs.map { store($0, by: op, as: dtype) }, name: node.name)
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
