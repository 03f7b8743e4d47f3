/// A piecewise-linear function of each channel, through the points (`knots[j]`, `values[j]`), whose knots rise; before the
/// first and after the last it keeps their values. `x: f32[…,D], knots: f32[K,D], values: f32[K,D] -> f32[…,D]`
struct InterpolateOp: OpDefinition {
  private static let mostKnots = 1 << 16

  let mnemonic = "interpolate"
  var op: Op { .interpolate }
  var traits: OpTraits {
    OpTraits(
      .compile, in: [.compile, .step], [.cheap, .transports], elementwise: nil, matrix: nil, index: nil,
      overwrites: .first)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(3)
    let x = try operands.rows(0)
    let knots = try operands.float(1)
    // Rows of a call are not points: their number is chance.
    guard knots.rank == 2, knots.shape[1] == x.channels, operands[2] == knots,
      knots.shape[0].fixed != nil || knots.shape[0] != x.type.shape[0]
    else {
      throw operands.mismatch("x [T,D], knots [K,D] and values [K,D]")
    }
    guard knots.shape[0].fixed.map({ $0 <= Self.mostKnots }) ?? true else {
      throw operands.mismatch("at most \(Self.mostKnots) knots")
    }
    return x.type
  }
}
