/// `x: f32[…,D] (, gain (, bias)), which repeat to x -> f32[…,D]`
struct RMSNormOp: OpDefinition {
  var eps: Float = 0

  let mnemonic = "rms_norm"
  var op: Op { .rmsNorm(eps: eps) }
  var traits: OpTraits { .norm }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try coder.float("eps", &eps) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? { try operands.norm() }
}

/// `x: f32[…,D] (, gain (, bias)), which repeat to x -> f32[…,D]`
struct LayerNormOp: OpDefinition {
  var eps: Float = 0

  let mnemonic = "layer_norm"
  var op: Op { .layerNorm(eps: eps) }
  var traits: OpTraits { .norm }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try coder.float("eps", &eps) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? { try operands.norm() }
}

extension OpTraits {
  fileprivate static let norm = OpTraits(
    .compile, in: [.compile, .step], [.cheap, .transports, .repeats], elementwise: nil, matrix: nil,
    index: nil,
    overwrites: .first)
}

extension Operands {
  fileprivate func norm() throws(TypeMismatch) -> TensorType {
    try expect(1...3)
    let x = try rows(0).type
    for index in types.indices.dropFirst() {
      try repeats(index, to: x.shape, index == 1 ? "a gain" : "a bias")
    }
    return x
  }
}
