/// `x: [S] -> [S]`
struct UnaryOp: OpDefinition {
  var function: UnaryFunction

  var mnemonic: String { function.mnemonic }
  var op: Op { .unary(function) }
  var traits: OpTraits {
    .elementwise(Expression(inputCount: 1, instructions: [.init(.unary(function), [.input(0)])]))
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try function.code(&coder) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    if function.isOfMasks {
      guard operands[0].dtype == .bool else { throw operands.mismatch("a bool operand") }
      return operands[0]
    }
    return try operands.float(0)
  }
}

/// `a: [S], b: [S] -> [S]`
struct BinaryOp: OpDefinition {
  var function: BinaryFunction

  var mnemonic: String { function.rawValue }
  var op: Op { .binary(function) }
  var traits: OpTraits {
    .elementwise(
      Expression(inputCount: 2, instructions: [.init(.binary(function), [.input(0), .input(1)])]))
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    if function.isConnective {
      guard operands.types.allSatisfy({ $0.dtype == .bool }) else { throw operands.mismatch("bool operands") }
      return TensorType(.bool, try operands.broadcast(0..<2))
    }
    _ = (try operands.float(0), try operands.float(1))
    return TensorType(function.isComparison ? .bool : .f32, try operands.broadcast(0..<2))
  }
}

/// `condition: bool[S], a: [S], b: [S] -> [S]`
struct SelectOp: OpDefinition {
  let mnemonic = "select"
  var op: Op { .select }
  var traits: OpTraits {
    .elementwise(
      Expression(inputCount: 3, instructions: [.init(.select, [.input(0), .input(1), .input(2)])]))
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(3)
    guard operands[0].dtype == .bool else { throw operands.mismatch("a bool condition") }
    _ = (try operands.float(1), try operands.float(2))
    return TensorType(.f32, try operands.broadcast(0..<3))
  }
}

/// `x·scale + shift`. `x: [S], scale and shift: what repeats to [S] -> [S]`
struct AffineOp: OpDefinition {
  let mnemonic = "affine"
  var op: Op { .affine }
  var traits: OpTraits {
    .elementwise(
      Expression(
        inputCount: 3,
        instructions: [
          .init(.binary(.mul), [.input(0), .input(1)]), .init(.binary(.add), [.instruction(0), .input(2)]),
        ]))
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(3)
    let x = try operands.rows(0).type
    for index in 1...2 { try operands.repeats(index, to: x.shape, index == 1 ? "a scale" : "a shift") }
    return x
  }
}

/// Several elementwise nodes in one. `inputs: f32 | bool… -> f32[S]`
struct FusedOp: OpDefinition {
  var body = Expression(inputCount: 0, instructions: [])

  let mnemonic = "fused"
  var op: Op { .fused(body) }
  var traits: OpTraits { .elementwise(body) }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.body(&body, inputCount: coder.operandCount)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    guard operands.count == body.inputCount, operands.count > 0 else {
      throw operands.mismatch("\(max(1, body.inputCount)) operands, as the body reads")
    }
    try operands.body(body, over: Array(operands.types.indices))
    return TensorType(.f32, try operands.broadcast(operands.types.indices))
  }
}
