import ActIR
import ActKernels

extension act_expr {
  /// The kernels' form of an expression, which must fit it.
  init(_ expression: Expression) {
    precondition(expression.fitsKernels, "verified")
    self.init()
    input_count = Int32(expression.inputCount)
    instruction_count = Int32(expression.instructions.count)
    withUnsafeMutableBytes(of: &instructions) { raw in
      let slots = raw.bindMemory(to: act_expr_instruction.self)
      precondition(expression.instructions.count <= slots.count)
      for (index, instruction) in expression.instructions.enumerated() {
        let operands = instruction.operands.map { operand in
          switch operand {
          case .input(let i): UInt8(i)
          case .instruction(let i): UInt8(expression.inputCount + i)
          }
        }
        slots[index] = act_expr_instruction(
          op: UInt8(instruction.function.kernelOp.rawValue), a: operands.first ?? 0,
          b: operands.count > 1 ? operands[1] : 0, c: operands.count > 2 ? operands[2] : 0,
          immediate: instruction.function.immediate)
      }
    }
  }
}

extension Expression.Function {
  /// The number that belongs to the function itself; 0 where there is none.
  fileprivate var immediate: Float {
    switch self {
    case .constant(let value), .unary(.leakyRelu(let value)): value
    case .unary, .binary, .select: 0
    }
  }

  fileprivate var kernelOp: act_expr_op {
    switch self {
    case .constant: ACT_EXPR_CONSTANT
    case .select: ACT_EXPR_SELECT
    case .unary(let function):
      switch function {
      case .neg: ACT_EXPR_NEG
      case .abs: ACT_EXPR_ABS
      case .exp: ACT_EXPR_EXP
      case .log: ACT_EXPR_LOG
      case .sqrt: ACT_EXPR_SQRT
      case .rsqrt: ACT_EXPR_RSQRT
      case .tanh: ACT_EXPR_TANH
      case .sigmoid: ACT_EXPR_SIGMOID
      case .silu: ACT_EXPR_SILU
      case .gelu: ACT_EXPR_GELU
      case .geluTanh: ACT_EXPR_GELU_TANH
      case .not: ACT_EXPR_NOT
      case .sin: ACT_EXPR_SIN
      case .cos: ACT_EXPR_COS
      case .leakyRelu: ACT_EXPR_LEAKY_RELU
      }
    case .binary(let function):
      switch function {
      case .add: ACT_EXPR_ADD
      case .sub: ACT_EXPR_SUB
      case .mul: ACT_EXPR_MUL
      case .div: ACT_EXPR_DIV
      case .atan2: ACT_EXPR_ATAN2
      case .min: ACT_EXPR_MIN
      case .max: ACT_EXPR_MAX
      case .lt: ACT_EXPR_LT
      case .le: ACT_EXPR_LE
      case .gt: ACT_EXPR_GT
      case .ge: ACT_EXPR_GE
      case .eq: ACT_EXPR_EQ
      case .and: ACT_EXPR_AND
      case .or: ACT_EXPR_OR
      }
    }
  }
}
