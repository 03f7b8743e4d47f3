/// `x: f32[…,K], w: [N,K] (, bias: f32[N]) -> f32[…,N]`
struct LinearOp: OpDefinition {
  let mnemonic = "linear"
  var op: Op { .linear }
  var traits: OpTraits {
    OpTraits(
      .compile, in: [.compile, .step], [.transports], elementwise: nil, matrix: 1, overwrites: .none)
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
      .compile, in: .step, [], elementwise: nil, matrix: 1, overwrites: .from(2))
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    // The weight is an operand of the node, not of the body.
    try coder.body(&body, inputCount: max(0, coder.operandCount - 1))
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    guard operands.count == body.inputCount + 1, operands.count >= 2 else {
      throw operands.mismatch("\(max(2, body.inputCount + 1)) operands, as the body reads")
    }
    let result = try operands.product()
    // The product, which is a number as x is, stands for x and w.
    try operands.body(body, over: [0] + operands.types.indices.dropFirst(2))
    for index in operands.types.indices.dropFirst(2) {
      let shape = operands[index].shape
      guard [Dim].broadcast([shape, result.shape]) == result.shape, RowPattern.isWithin(shape, result.shape)
      else { throw operands.mismatch("epilogue operands that repeat to \(result)") }
    }
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
