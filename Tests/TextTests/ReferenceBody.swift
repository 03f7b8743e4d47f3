import ActIR
import Glibc

/// An elementwise node, or what follows a linear layer, evaluated for one element.
struct ReferenceBody {
  private let compute: ([Double]) -> Double

  init(_ node: Node) {
    switch node.op {
    case .unary(let function): compute = { Self.value(function, $0[0]) }
    case .binary(let function): compute = { Self.value(function, $0[0], $0[1]) }
    case .select: compute = { $0[0] != 0 ? $0[1] : $0[2] }
    case .affine: compute = { $0[0] * $0[1] + $0[2] }
    case .fused(let body), .linearEpilogue(let body): compute = { Self.value(body, $0) }
    default: preconditionFailure("`\(node.op.mnemonic)` has no body")
    }
  }

  func value(_ inputs: [Double]) -> Double { compute(inputs) }

  static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }

  private static func value(_ body: Expression, _ inputs: [Double]) -> Double {
    var values: [Double] = []
    for instruction in body.instructions {
      let operands = instruction.operands.map { operand in
        switch operand {
        case .input(let i): inputs[i]
        case .instruction(let i): values[i]
        }
      }
      switch instruction.function {
      case .constant(let constant): values.append(Double(constant))
      case .unary(let function): values.append(value(function, operands[0]))
      case .binary(let function): values.append(value(function, operands[0], operands[1]))
      case .select: values.append(operands[0] != 0 ? operands[1] : operands[2])
      }
    }
    return values[values.count - 1]
  }

  private static func value(_ function: UnaryFunction, _ x: Double) -> Double {
    switch function {
    case .neg: -x
    case .abs: abs(x)
    case .exp: exp(x)
    case .log: log(x)
    case .sqrt: x.squareRoot()
    case .rsqrt: 1 / x.squareRoot()
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .silu: x / (1 + exp(-x))
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .geluTanh: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .sin: sin(x)
    case .cos: cos(x)
    }
  }

  private static func value(_ function: BinaryFunction, _ a: Double, _ b: Double) -> Double {
    switch function {
    case .add: a + b
    case .sub: a - b
    case .mul: a * b
    case .div: a / b
    case .min: min(a, b)
    case .max: max(a, b)
    case .lt: a < b ? 1 : 0
    case .le: a <= b ? 1 : 0
    case .gt: a > b ? 1 : 0
    case .ge: a >= b ? 1 : 0
    case .and: a != 0 && b != 0 ? 1 : 0
    case .or: a != 0 || b != 0 ? 1 : 0
    }
  }
}
