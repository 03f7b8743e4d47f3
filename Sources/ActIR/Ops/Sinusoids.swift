/// Cosines and sines of a number a row. `t: f32[…,1] -> f32[…,W]`
struct SinusoidsOp: OpDefinition {
  var sinusoids = Sinusoids(width: 0, base: 0)

  let mnemonic = "sinusoids"
  var op: Op { .sinusoids(sinusoids) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("width", &sinusoids.width)
    try coder.double("base", &sinusoids.base)
    try coder.double("offset", &sinusoids.offset, default: 0)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let t = try operands.rows(0)
    guard t.channels == .fixed(1) else { throw operands.mismatch("one number a row, [T,1]") }
    guard sinusoids.width > 0, sinusoids.width % 2 == 0 else {
      throw operands.mismatch("an even width above 0")
    }
    guard sinusoids.base > 0, sinusoids.base.isFinite else { throw operands.mismatch("a base above 0") }
    guard sinusoids.offset < Double(sinusoids.width / 2) else {
      throw operands.mismatch("an offset below \(sinusoids.width / 2), half the width")
    }
    return TensorType(.f32, t.leading + [.fixed(sinusoids.width)])
  }
}

/// The angles of a number's cosines and sines, as embeddings of time steps and rotary tables of real positions have them.
///
/// Frequency i of W/2 is `base^(-i / (W/2 - offset))`.
public struct Sinusoids: Hashable, Sendable {
  /// Cosines and sines together; even.
  public var width: Int
  /// The frequencies fall from 1 to 1/base, or not quite to it.
  public var base: Double
  /// Where 1, the last frequency is 1/base; where 0, the one after it would be (`downscale_freq_shift` of diffusers).
  public var offset: Double

  /// Cosines and sines of `width` channels, which must be even.
  public init(width: Int, base: Double, offset: Double = 0) {
    self.width = width
    self.base = base
    self.offset = offset
  }
}
