import ActLimits

/// Elementwise functions of one operand.
public enum UnaryFunction: String, Hashable, Sendable, CaseIterable {
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
  case geluTanh = "gelu_tanh"
  /// Whether a mask does not hold: of a mask and a mask itself.
  case not
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

/// A scalar function of a few inputs: the body of a fused elementwise node or of a linear layer's epilogue.
///
/// A straight-line program. Printed `t0 = sub $0, $1; add t0, $2`, where `$i` is input i and the last instruction is
/// the value. Inputs are numbers or masks; which of the two follows from the types of the node's operands.
public struct Expression: Hashable, Sendable {
  /// What an instruction computes.
  public enum Function: Hashable, Sendable {
    /// A number, of no operands.
    case constant(Float)
    /// A function of one operand.
    case unary(UnaryFunction)
    /// A function of two operands.
    case binary(BinaryFunction)
    /// `condition ? a : b`
    case select
  }

  /// An input of the expression or an earlier instruction, by index.
  public enum Operand: Hashable, Sendable {
    /// Input i: `$i`.
    case input(Int)
    /// What instruction i computes: `ti`.
    case instruction(Int)
  }

  /// A function and as many operands as it takes.
  public struct Instruction: Hashable, Sendable {
    /// What it computes.
    public var function: Function
    /// As many as the function takes, in its order.
    public var operands: [Operand]

    /// A function of operands, as in `Instruction(.binary(.add), [.input(0), .input(1)])`.
    public init(_ function: Function, _ operands: [Operand]) {
      self.function = function
      self.operands = operands
    }
  }

  /// How many inputs the body reads, `$0` to `$(inputCount - 1)`.
  public var inputCount: Int
  /// In order of execution; the last one computes the value.
  public var instructions: [Instruction]

  /// A program over `inputCount` inputs.
  public init(inputCount: Int, instructions: [Instruction]) {
    self.inputCount = inputCount
    self.instructions = instructions
  }
}

extension Expression.Function {
  /// How many operands it takes.
  public var operandCount: Int {
    switch self {
    case .constant: 0
    case .unary: 1
    case .binary: 2
    case .select: 3
    }
  }
}

extension Expression {
  /// The most inputs that the kernels' interpreter holds; a fusion that would pass it is not made.
  public static var maximumInputs: Int { ACT_EXPR_MAX_INPUTS }
  /// The most instructions that the kernels' interpreter holds.
  public static var maximumInstructions: Int { ACT_EXPR_MAX_INSTRUCTIONS }

  /// Whether the kernels' interpreter can hold the expression.
  public var fitsKernels: Bool {
    inputCount <= Self.maximumInputs && instructions.count <= Self.maximumInstructions
  }
}
