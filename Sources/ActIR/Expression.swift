import ActLimits

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
