/// One number of each row's channels. `x: f32[…,D] -> f32[…,1]`
struct ReduceOp: OpDefinition {
  var function: ReduceFunction

  var mnemonic: String { "reduce_\(function.rawValue)" }
  var op: Op { .reduce(function) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap, .transports], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    return TensorType(.f32, try operands.rows(0).leading + [.fixed(1)])
  }
}

/// `exp(x) / Σ exp(x)` over each row's channels. `x: f32[…,D] -> f32[…,D]`
struct SoftmaxOp: OpDefinition {
  let mnemonic = "softmax"
  var op: Op { .softmax }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap, .transports], elementwise: nil, matrix: nil, index: nil, overwrites: .first
    )
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    return try operands.rows(0).type
  }
}
