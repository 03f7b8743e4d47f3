/// Cosines and sines of rotary embedding. `positions: i32[T] -> f32[T,W]`
struct RopeTableOp: OpDefinition {
  var rope = RotaryEmbedding(width: 0, base: 0)

  let mnemonic = "rope_table"
  var op: Op { .ropeTable(rope) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try rope.code(&coder) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let positions = try operands.integers(0, "positions")
    guard rope.width > 0, rope.width % 2 == 0 else { throw operands.mismatch("an even width above 0") }
    return TensorType(.f32, positions.shape + [.fixed(rope.width)])
  }
}

/// Rotates every head. `x: f32[…,H·headWidth], table: f32[…,W] -> f32[…,H·headWidth]`
struct RopeOp: OpDefinition {
  var headWidth = 0

  let mnemonic = "rope"
  var op: Op { .rope(headWidth: headWidth) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .first)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("head_width", &headWidth)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let (x, table) = (try operands.rows(0), try operands.rows(1))
    guard x.leading == table.leading else { throw operands.mismatch("x and table with the same rows") }
    guard headWidth > 0, let width = x.channels.fixed, width % headWidth == 0,
      let rotated = table.channels.fixed, rotated <= headWidth
    else { throw operands.mismatch("x of whole heads, each \(headWidth) wide, and a table no wider") }
    return x.type
  }
}

/// Rotary position embedding (RoFormer, arXiv 2104.09864), with the scalings that checkpoints use.
public struct RotaryEmbedding: Hashable, Sendable {
  /// How frequencies are changed for contexts longer than those of the training.
  public enum Scaling: Hashable, Sendable {
    /// They are not.
    case none
    /// All frequencies divided by `factor` (position interpolation, arXiv 2306.15595).
    case linear(factor: Double)
    /// Low frequencies divided by `factor`, high ones kept, a ramp between (Llama 3.1).
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalContext: Int)
  }

  /// Channels of a head that are rotated; even.
  public var width: Int
  /// Frequency i is `base^(-2i / width)`.
  public var base: Double
  /// What is done to the frequencies.
  public var scaling: Scaling

  /// An embedding of `width` channels, which must be even.
  public init(width: Int, base: Double, scaling: Scaling = .none) {
    self.width = width
    self.base = base
    self.scaling = scaling
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("width", &width)
    try coder.double("base", &base)
    try scaling.code(&coder)
  }
}

extension RotaryEmbedding.Scaling {
  fileprivate var name: String {
    switch self {
    case .none: "none"
    case .linear: "linear"
    case .llama3: "llama3"
    }
  }

  fileprivate mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    var name = name
    try coder.word("scaling", &name, default: "none")
    switch name {
    case "none": self = .none
    case "linear":
      var factor = 0.0
      if case .linear(let value) = self { factor = value }
      try coder.double("factor", &factor)
      self = .linear(factor: factor)
    case "llama3":
      var (factor, low, high, context) = (0.0, 0.0, 0.0, 0)
      if case .llama3(let a, let b, let c, let d) = self { (factor, low, high, context) = (a, b, c, d) }
      try coder.double("factor", &factor)
      try coder.double("low_frequency", &low)
      try coder.double("high_frequency", &high)
      try coder.int("original_context", &context)
      self = .llama3(factor: factor, lowFrequency: low, highFrequency: high, originalContext: context)
    default: throw coder.failure("unknown scaling `\(name)`; expected linear or llama3")
    }
  }
}
