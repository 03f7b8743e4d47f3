/// The greatest scores of each row, by their columns: the greatest first, and of equal ones the first.
/// `scores: f32[T,E] -> i32[T,count]`
struct ChooseOp: OpDefinition {
  var count = 1

  let mnemonic = "choose"
  var op: Op { .choose(count: count) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try coder.int("count", &count) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let scores = try operands.rows(0)
    guard scores.type.rank == 2, let columns = scores.channels.fixed, count >= 1, count <= columns else {
      throw operands.mismatch("scores [T,E] of at least \(max(1, count)) columns")
    }
    return TensorType(.i32, scores.leading + [.fixed(count)])
  }
}

/// The channels of each row that were chosen for it. `x: f32[T,E], chosen: i32[T,k] -> f32[T,k]`
struct TakeChannelsOp: OpDefinition {
  let mnemonic = "take_channels"
  var op: Op { .takeChannels }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let (x, chosen) = (try operands.rows(0), try operands.choices(1))
    guard x.leading == chosen.leading else {
      throw operands.mismatch("x [T,E] and the columns i32[T,k] that are chosen for its rows")
    }
    return TensorType(.f32, chosen.type.shape)
  }
}

/// Each row times the matrices that were chosen for it, one of which is an expert's.
/// `x: f32[T,K] or f32[T,k,K], w: [E,N,K], chosen: i32[T,k] -> f32[T,k,N]`
struct ExpertLinearOp: OpDefinition {
  let mnemonic = "expert_linear"
  var op: Op { .expertLinear }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [], elementwise: nil, matrix: 1, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(3)
    let (x, w, chosen) = (try operands.rows(0), try operands.layers(1), try operands.choices(2))
    let isOfRows = x.leading == chosen.leading || x.leading == chosen.type.shape
    guard isOfRows, x.channels == w.shape[2] else {
      throw operands.mismatch("x [T,K] or [T,k,K], w [E,N,K] and chosen i32[T,k] with one T, k and K")
    }
    return TensorType(.f32, chosen.type.shape + [w.shape[1]])
  }
}

/// The sum of a row's parts, each times its weight. `x: f32[T,k,D], weights: f32[T,k] -> f32[T,D]`
struct WeightedSumOp: OpDefinition {
  let mnemonic = "weighted_sum"
  var op: Op { .weightedSum }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let (x, weights) = (try operands.rows(0), try operands.rows(1))
    guard x.type.rank == 3, x.leading == weights.type.shape else {
      throw operands.mismatch("x [T,k,D] and weights [T,k]")
    }
    return TensorType(.f32, [x.leading[0], x.channels])
  }
}

/// Matrices one after the other, as experts have them. `a: [N,K], b: [N,K], … -> [E,N,K]`; they may be packed
struct StackOp: OpDefinition {
  let mnemonic = "stack"
  var op: Op { .stack }
  var traits: OpTraits {
    OpTraits(.compile, in: .compile, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    guard let first = operands.types.first else { throw operands.mismatch("at least one operand") }
    let matrix = try operands.layer(0)
    guard operands.types.allSatisfy({ $0 == first }), matrix.shape.allSatisfy({ $0.fixed != nil }) else {
      throw operands.mismatch("matrices alike, of fixed sizes")
    }
    return TensorType(matrix.dtype, [.fixed(operands.count)] + matrix.shape)
  }
}

extension Operands {
  /// What was chosen for each row: columns, or experts.
  fileprivate func choices(_ index: Int) throws(TypeMismatch) -> (type: TensorType, leading: [Dim]) {
    let type = try integers(index, "what is chosen")
    guard type.rank == 2 else { throw mismatch("what is chosen of i32[T,k]") }
    return (type, type.shape.dropLast())
  }

  /// Matrices that linear layers read, one after the other.
  fileprivate func layers(_ index: Int) throws(TypeMismatch) -> TensorType {
    let type = types[index]
    guard type.dtype.isFloat || type.dtype.packedFormat != nil, type.rank == 3,
      type.shape.allSatisfy({ $0.fixed != nil })
    else { throw mismatch("operand \(index) of matrices [E,N,K]") }
    return type
  }
}
