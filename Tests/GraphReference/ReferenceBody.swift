import ActIR
import Glibc

/// An elementwise node, or what follows a linear layer, evaluated for one element.
struct ReferenceBody {
  private let op: Op
  /// How near the operands of a comparison came without being equal, over the sum of their magnitudes.
  private(set) var narrowestMargin = Double.infinity

  init(_ node: Node) { op = node.op }

  mutating func value(_ inputs: [Double]) -> Double {
    switch op {
    case .unary(let function): return Self.value(function, inputs[0])
    case .binary(let function): return value(function, inputs[0], inputs[1])
    case .select: return inputs[0] != 0 ? inputs[1] : inputs[2]
    case .affine: return inputs[0] * inputs[1] + inputs[2]
    case .fused(let body), .linearEpilogue(let body), .convEpilogue(_, let body): return value(body, inputs)
    default: preconditionFailure("`\(op.mnemonic)` has no body")
    }
  }

  static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
  static func log(_ x: Double) -> Double { Glibc.log(x) }
  static func sin(_ x: Double) -> Double { Glibc.sin(x) }
  static func cos(_ x: Double) -> Double { Glibc.cos(x) }

  /// Radians a position of a pair of channels.
  static func frequency(_ rope: RotaryEmbedding, pair: Int) -> Double {
    let plain = pow(rope.base, -2 * Double(pair) / Double(rope.width))
    switch rope.scaling {
    case .none: return plain
    case .linear(let factor): return plain / factor
    case .perPair(let factors): return plain / factors[pair]
    case .llama3(let factor, let low, let high, let context):
      // How much of the plain frequency is kept: by the turns that the pair makes in the original context.
      let turns = Double(context) * plain / (2 * .pi)
      let kept = min(1, max(0, (turns - low) / (high - low)))
      return plain * (kept + (1 - kept) / factor)
    }
  }

  private mutating func value(_ body: Expression, _ inputs: [Double]) -> Double {
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
      case .unary(let function): values.append(Self.value(function, operands[0]))
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
    case .not: x == 0 ? 1 : 0
    case .leakyRelu(let slope): x > 0 ? x : Double(slope) * x
    }
  }

  private mutating func value(_ function: BinaryFunction, _ a: Double, _ b: Double) -> Double {
    if function.isComparison, a != b {
      narrowestMargin = min(narrowestMargin, abs(a - b) / (abs(a) + abs(b)))
    }
    return switch function {
    case .add: a + b
    case .sub: a - b
    case .mul: a * b
    case .div: a / b
    case .atan2: atan2(a, b)
    case .min: min(a, b)
    case .max: max(a, b)
    case .lt: a < b ? 1 : 0
    case .le: a <= b ? 1 : 0
    case .gt: a > b ? 1 : 0
    case .ge: a >= b ? 1 : 0
    case .eq: a == b ? 1 : 0
    case .and: a != 0 && b != 0 ? 1 : 0
    case .or: a != 0 || b != 0 ? 1 : 0
    }
  }
}
