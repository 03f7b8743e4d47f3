import ActLimits

/// Elementwise functions of one operand.
public enum UnaryFunction: String, Hashable, Sendable, CaseIterable {
  case neg, abs, exp, log, sqrt, rsqrt, tanh, sigmoid, silu, gelu, sin, cos
  case geluTanh = "gelu_tanh"
}

/// Elementwise functions of two operands. Comparisons and connectives give `bool`.
public enum BinaryFunction: String, Hashable, Sendable, CaseIterable {
  case add, sub, mul, div, min, max
  case lt, le, gt, ge, and, or

  public var isComparison: Bool { [.lt, .le, .gt, .ge].contains(self) }
  public var isConnective: Bool { self == .and || self == .or }
}

/// A scalar function of a few inputs: the body of a fused elementwise node or of a linear layer's epilogue.
///
/// A straight-line program. Printed `t0 = sub $0, $1; add t0, $2`, where `$i` is input i and the last instruction is
/// the value. Inputs are numbers or masks; which of the two follows from the types of the node's operands.
public struct Expression: Hashable, Sendable {
  /// What an instruction computes.
  public enum Function: Hashable, Sendable {
    case constant(Float)
    case unary(UnaryFunction)
    case binary(BinaryFunction)
    /// `condition ? a : b`
    case select
  }

  /// An input of the expression or an earlier instruction, by index.
  public enum Operand: Hashable, Sendable {
    case input(Int)
    case instruction(Int)
  }

  /// A function and as many operands as it takes.
  public struct Instruction: Hashable, Sendable {
    public var function: Function
    public var operands: [Operand]

    public init(_ function: Function, _ operands: [Operand]) {
      self.function = function
      self.operands = operands
    }
  }

  public var inputCount: Int
  public var instructions: [Instruction]

  public init(inputCount: Int, instructions: [Instruction]) {
    self.inputCount = inputCount
    self.instructions = instructions
  }
}

extension Expression.Function {
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
