/// The mean and the variance of each channel over the rows of each entry, in this order. `x: f32[B,…,C] -> f32[B,2,C]`
///
/// The variance is that of the rows themselves, of which there is at least one: the mean of the squares of what they
/// differ from the mean by.
struct MomentsOp: OpDefinition {
  let mnemonic = "moments"
  var op: Op { .moments }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let x = try operands.rows(0)
    guard x.leading.count >= 2 else { throw operands.mismatch("entries of rows [B,…,C]") }
    let rows = TensorType(.f32, Array(x.leading.dropFirst())).fixedCount
    let counts = 1...Int(Int32.max)
    guard let rows, let channels = x.channels.fixed, counts.contains(rows), counts.contains(channels) else {
      throw operands.mismatch("entries of 1 to \(Int32.max) rows, and as many channels, of fixed sizes")
    }
    return TensorType(.f32, [x.leading[0], .fixed(2), x.channels])
  }
}

/// The mean of each channel over the pixels of an image, and of rows that are no pixels each row itself.
/// `x: f32[B,H,W,C] -> f32[B,1,1,C]`, `x: f32[…,C] -> f32[…,C]`
///
/// So one transport function says what a map does to tokens and to images as wholes.
struct PixelMeanOp: OpDefinition {
  let mnemonic = "pixel_mean"
  var op: Op { .pixelMean }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap, .transports], elementwise: nil, matrix: nil, index: nil, overwrites: .none
    )
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let x = try operands.rows(0)
    guard x.type.isImages else { return x.type }
    return TensorType(.f32, [x.leading[0], .fixed(1), .fixed(1), x.channels])
  }
}
