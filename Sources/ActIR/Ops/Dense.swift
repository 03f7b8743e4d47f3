/// `x: f32[…,K], w: [N,K] (, bias: f32[N]) -> f32[…,N]`
struct LinearOp: OpDefinition {
  let mnemonic = "linear"
  var op: Op { .linear }
  var traits: OpTraits {
    OpTraits(
      .compile, in: [.compile, .step], [.transports], elementwise: nil, matrix: 1, index: nil,
      overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2...3)
    let result = try operands.product()
    if operands.count == 3 { try operands.vector(2, result.shape[result.rank - 1], "a bias") }
    return result
  }
}

/// A linear layer and what follows it in registers.
/// `x: f32[…,K], w: [N,K], operands: what repeats to […,N] -> f32[…,N]`
struct LinearEpilogueOp: OpDefinition {
  var body = Expression(inputCount: 0, instructions: [])

  let mnemonic = "linear_epilogue"
  var op: Op { .linearEpilogue(body) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.repeats], elementwise: nil, matrix: 1, index: nil, overwrites: .from(2))
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.epilogue(&body)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expectEpilogue(body)
    let result = try operands.product()
    try operands.epilogue(body, of: result)
    return result
  }
}

extension Operands {
  /// The type of operand 0 times operand 1, transposed.
  fileprivate func product() throws(TypeMismatch) -> TensorType {
    let (x, w) = (try rows(0), try layer(1))
    guard x.channels == w.shape[1] else { throw mismatch("x [T,K] and w [N,K] with one K") }
    return TensorType(.f32, x.leading + [w.shape[0]])
  }
}
