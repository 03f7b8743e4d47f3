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
    if case .perPair(let factors) = rope.scaling, factors.count != rope.width / 2 {
      throw operands.mismatch("\(rope.width / 2) factors, one for each pair")
    }
    return TensorType(.f32, positions.shape + [.fixed(rope.width)])
  }
}

/// Which channels of a head are rotated together.
public enum RotaryPairs: String, Hashable, Sendable {
  /// A channel of the first half of those rotated and its like in the second: i and i + W/2.
  case halves
  /// A channel and the one beside it: 2i and 2i + 1.
  case interleaved
}

/// Rotates every head. `x: f32[…,H·headWidth], table: f32[…,W] -> f32[…,H·headWidth]`
struct RopeOp: OpDefinition {
  var headWidth = 0
  var pairs = RotaryPairs.halves

  let mnemonic = "rope"
  var op: Op { .rope(headWidth: headWidth, pairs: pairs) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .first)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("head_width", &headWidth)
    var name = pairs.rawValue
    try coder.word("pairs", &name, default: RotaryPairs.halves.rawValue)
    guard let known = RotaryPairs(rawValue: name) else {
      throw coder.failure("unknown pairs `\(name)`; expected halves or interleaved")
    }
    pairs = known
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
    /// Frequency i divided by factor i (YaRN, arXiv 2309.00071; LongRoPE, arXiv 2402.13753).
    case perPair(factors: [Double])
  }

  /// Channels of a head that are rotated; even.
  public var width: Int
  /// Frequency i is `base^(-2i / width)`.
  public var base: Double
  /// What is done to the frequencies.
  public var scaling: Scaling
  /// A factor of cosines and sines, by which YaRN and LongRoPE sharpen attention over long contexts.
  public var amplitude: Double

  /// An embedding of `width` channels, which must be even.
  public init(width: Int, base: Double, scaling: Scaling = .none, amplitude: Double = 1) {
    self.width = width
    self.base = base
    self.scaling = scaling
    self.amplitude = amplitude
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("width", &width)
    try coder.double("base", &base)
    try scaling.code(&coder)
    try coder.double("amplitude", &amplitude, default: 1)
  }
}

extension RotaryEmbedding.Scaling {
  fileprivate var name: String {
    switch self {
    case .none: "none"
    case .linear: "linear"
    case .llama3: "llama3"
    case .perPair: "per_pair"
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
    case "per_pair":
      var factors: [Double] = []
      if case .perPair(let values) = self { factors = values }
      try coder.doubles("factors", &factors)
      self = .perPair(factors: factors)
    default: throw coder.failure("unknown scaling `\(name)`; expected linear, llama3 or per_pair")
    }
  }
}
