/// Elementwise functions of one operand.
public enum UnaryFunction: Hashable, Sendable {
  /// `-x`
  case neg
  /// `|x|`
  case abs
  /// The exponential of `x`.
  case exp
  /// The natural logarithm of `x`.
  case log
  /// The square root of `x`.
  case sqrt
  /// `1 / sqrt(x)`
  case rsqrt
  /// The hyperbolic tangent of `x`.
  case tanh
  /// `1 / (1 + exp(-x))`
  case sigmoid
  /// `x · sigmoid(x)`
  case silu
  /// `x · Φ(x)`, with the normal distribution function (arXiv 1606.08415).
  case gelu
  /// The sine of `x` in radians.
  case sin
  /// The cosine of `x` in radians.
  case cos
  /// ``gelu`` by its approximation with a hyperbolic tangent.
  case geluTanh
  /// Of a mask: whether it does not hold.
  case not
  /// `x` above 0, and `slope · x` below.
  case leakyRelu(slope: Float)

  /// Every function, with attributes that mean nothing.
  public static let prototypes: [UnaryFunction] = [
    .neg, .abs, .exp, .log, .sqrt, .rsqrt, .tanh, .sigmoid, .silu, .gelu, .sin, .cos, .geluTanh, .not,
    .leakyRelu(slope: 0),
  ]

  /// The function's name in the text form.
  public var mnemonic: String {
    switch self {
    case .neg: "neg"
    case .abs: "abs"
    case .exp: "exp"
    case .log: "log"
    case .sqrt: "sqrt"
    case .rsqrt: "rsqrt"
    case .tanh: "tanh"
    case .sigmoid: "sigmoid"
    case .silu: "silu"
    case .gelu: "gelu"
    case .sin: "sin"
    case .cos: "cos"
    case .geluTanh: "gelu_tanh"
    case .not: "not"
    case .leakyRelu: "leaky_relu"
    }
  }

  /// Whether it makes a mask of a mask; else a number of a number.
  public var isOfMasks: Bool { self == .not }

  /// Prints or reads the attributes.
  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    guard case .leakyRelu(var slope) = self else { return }
    try coder.float("slope", &slope)
    self = .leakyRelu(slope: slope)
  }
}

/// Elementwise functions of two operands. Comparisons and connectives give `bool`.
public enum BinaryFunction: String, Hashable, Sendable, CaseIterable {
  /// `a + b`
  case add
  /// `a - b`
  case sub
  /// `a · b`
  case mul
  /// `a / b`
  case div
  /// The angle of the point `(b, a)`, from −π to π; 0 for `(0, 0)`.
  case atan2
  /// The lesser of the two.
  case min
  /// The greater of the two.
  case max
  /// `a < b`
  case lt
  /// `a ≤ b`
  case le
  /// `a > b`
  case gt
  /// `a ≥ b`
  case ge
  /// `a = b`
  case eq
  /// Whether both masks hold.
  case and
  /// Whether either mask holds.
  case or

  /// Whether it makes a mask of two numbers.
  public var isComparison: Bool { [.lt, .le, .gt, .ge, .eq].contains(self) }
  /// Whether it makes a mask of two masks.
  public var isConnective: Bool { self == .and || self == .or }
}

/// What a row's channels become, one number.
public enum ReduceFunction: String, Hashable, Sendable, CaseIterable {
  /// Their sum.
  case sum
  /// Their mean.
  case mean
  /// The greatest.
  case max
  /// The least.
  case min
}
