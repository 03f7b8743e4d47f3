import ActIR
import ActStatistics
import Glibc

/// Why a function is not known to be affine in its activation.
package struct NotAffine: Error, Hashable {
  /// The op at which it ends.
  package var mnemonic: String
  /// Whether it is affine but for a choice that hangs on the activation.
  package var isGate: Bool
}

extension Graph {
  /// A transport function at a strength as an affine function of its channels, in double from the parameters.
  ///
  /// - Parameters:
  ///   - width: the channels of the site.
  ///   - parameters: by name.
  ///   - strength: λ.
  /// - Returns: the function.
  /// - Throws: where it is none, or uses an op of which that is not known.
  package func affineFunction(
    width: Int, _ parameters: [String: MapParameter], strength: Double = 1
  ) throws(NotAffine) -> AffineFunction {
    var values: [ValueID: AffineValue] = [:]
    for id in order {
      let node = self[id]
      let value: AffineValue?
      switch node.op {
      case .input(name: "x", _, _): value = .affine(AffineFunction(identityOf: width))
      case .input(name: "strength", _, _): value = .fixed([], [strength])
      case .input(let name, _, _):
        value = parameters[name].map { .fixed($0.shape, $0.values.map(Double.init)) }
      case .constant(let number): value = .fixed([], [Double(number)])
      default:
        let inputs = node.inputs.map { values[$0]! }
        if AffineValue.choosesByActivation(node.op, inputs) {
          throw NotAffine(mnemonic: node.op.mnemonic, isGate: true)
        }
        value = AffineValue(node.op, inputs)
      }
      guard let value else { throw NotAffine(mnemonic: node.op.mnemonic, isGate: false) }
      values[id] = value
    }
    let result = results[0].value
    switch values[result] {
    case .affine(let function): return function.repeated(to: width)
    case .fixed(let shape, let numbers):
      // A function that does not read x at this strength.
      guard let row = AffineValue.row(shape, numbers) else { break }
      return AffineFunction(row, of: width).repeated(to: width)
    default: break
    }
    throw NotAffine(mnemonic: self[result].op.mnemonic, isGate: false)
  }
}

/// A value of a transport function.
private enum AffineValue {
  /// Known, row-major.
  case fixed(_ shape: [Int], _ values: [Double])
  /// An affine function of x, for each row.
  case affine(AffineFunction)
  /// A mask that hangs on x.
  case condition

  init?(_ op: Op, _ inputs: [AffineValue]) {
    let value: AffineValue? =
      switch op {
      case .unary(let function): Self.unary(function, inputs[0])
      case .binary(let function): Self.binary(function, inputs[0], inputs[1])
      case .affine: Self.binary(.mul, inputs[0], inputs[1]).flatMap { Self.binary(.add, $0, inputs[2]) }
      case .select: Self.select(inputs[0], inputs[1], inputs[2])
      case .linear: Self.linear(inputs)
      case .reduce(let function): Self.reduce(function, inputs[0])
      // Of a row; an image's mean moves by the same function.
      case .pixelMean: inputs[0]
      case .slice(let slice) where slice.axis == nil: Self.slice(slice, inputs[0])
      case .matvec:
        Self.linear([inputs[1].asRow, inputs[0]].compactMap { $0 }).flatMap { product in
          if case .fixed(_, let values) = product { .fixed([values.count], values) } else { nil }
        }
      default: nil
      }
    guard let value else { return nil }
    self = value
  }

  /// Whether an op chooses between values that are affine, by a mask that hangs on x.
  static func choosesByActivation(_ op: Op, _ inputs: [AffineValue]) -> Bool {
    guard case .select = op, case .condition = inputs[0] else { return false }
    return true
  }

  /// A known vector as a matrix of one row.
  private var asRow: AffineValue? {
    guard case .fixed(let shape, let values) = self, shape.count == 1 else { return nil }
    return .fixed([1, values.count], values)
  }

  private static func unary(_ function: UnaryFunction, _ x: AffineValue) -> AffineValue? {
    switch (x, function) {
    case (.fixed(let shape, let values), _): function.onNumber.map { .fixed(shape, values.map($0)) }
    case (.affine(let x), .neg): .affine(x.scaled(by: [-1]))
    case (.condition, .not): .condition
    default: nil
    }
  }

  private static func binary(_ function: BinaryFunction, _ a: AffineValue, _ b: AffineValue) -> AffineValue? {
    if function.isComparison || function.isConnective {
      guard case .fixed = a, case .fixed = b else { return .condition }
    }
    switch (a, b) {
    case (.fixed(let x, let left), .fixed(let y, let right)):
      guard let shape = broadcast(x, y) else { return nil }
      let apply = function.onNumbers
      let count = shape.reduce(1, *)
      return .fixed(
        shape,
        (0..<count).map { apply(left[element($0, of: shape, in: x)], right[element($0, of: shape, in: y)]) })
    case (.affine(let x), .affine(let y)):
      switch function {
      case .add: return .affine(x + y)
      case .sub: return .affine(x + y.scaled(by: [-1]))
      default: return nil
      }
    case (.affine(let x), .fixed(let shape, let values)):
      guard let row = row(shape, values) else { return nil }
      switch function {
      case .add: return .affine(x + AffineFunction(row, of: x.channels))
      case .sub: return .affine(x + AffineFunction(row.map { -$0 }, of: x.channels))
      case .mul: return .affine(x.scaled(by: row))
      case .div: return .affine(x.scaled(by: row.map { 1 / $0 }))
      default: return nil
      }
    case (.fixed, .affine(let y)):
      switch function {
      case .add, .mul: return binary(function, b, a)
      case .sub: return binary(.add, .affine(y.scaled(by: [-1])), a)
      default: return nil
      }
    default: return nil
    }
  }

  /// Where a known mask chooses channel by channel.
  private static func select(_ mask: AffineValue, _ a: AffineValue, _ b: AffineValue) -> AffineValue? {
    guard case .fixed(let shape, let values) = mask else { return nil }
    let (on, off) = (values.map { $0 == 0 ? 0.0 : 1 }, values.map { $0 == 0 ? 1.0 : 0 })
    guard let a = binary(.mul, a, .fixed(shape, on)), let b = binary(.mul, b, .fixed(shape, off)) else {
      return nil
    }
    return binary(.add, a, b)
  }

  private static func linear(_ inputs: [AffineValue]) -> AffineValue? {
    guard inputs.count >= 2, case .fixed(let shape, let values) = inputs[1], shape.count == 2 else {
      return nil
    }
    let w = Matrix(rows: shape[0], columns: shape[1], values)
    let product: AffineValue
    switch inputs[0] {
    case .affine(let x):
      guard x.width == w.columns else { return nil }
      product = .affine(x.multiplied(by: w))
    case .fixed(let rows, let values):
      guard rows.last == w.columns else { return nil }
      let x = Matrix(rows: values.count / w.columns, columns: w.columns, values)
      product = .fixed(rows.dropLast() + [w.rows], x.product(transposed: w).values)
    case .condition: return nil
    }
    return inputs.count == 2 ? product : binary(.add, product, inputs[2])
  }

  private static func reduce(_ function: ReduceFunction, _ x: AffineValue) -> AffineValue? {
    switch (x, function) {
    case (.affine(let x), .sum), (.affine(let x), .mean):
      let share = function == .mean ? 1 / Double(x.width) : 1
      return .affine(
        x.multiplied(
          by: Matrix(rows: 1, columns: x.width, [Double](repeating: share, count: x.width))))
    case (.fixed(let shape, let values), _):
      guard let count = shape.last, count > 0 else { return nil }
      let numbers = stride(from: 0, to: values.count, by: count).map { start in
        let row = values[start..<start + count]
        return switch function {
        case .sum: row.reduce(0, +)
        case .mean: mean(row)
        case .max: row.max()!
        case .min: row.min()!
        }
      }
      return .fixed(shape.dropLast() + [1], numbers)
    default: return nil
    }
  }

  private static func slice(_ slice: Slice, _ x: AffineValue) -> AffineValue? {
    let range = slice.start..<slice.start + slice.count
    switch x {
    case .affine(let x): return .affine(x.multiplied(by: Matrix(identity: x.width).rows(range)))
    case .fixed(let shape, let values):
      guard let count = shape.last else { return nil }
      return .fixed(
        shape.dropLast() + [range.count],
        stride(from: 0, to: values.count, by: count).flatMap { start in
          values[start + range.lowerBound..<start + range.upperBound]
        })
    case .condition: return nil
    }
  }

  /// A known value as what every row reads: a number for each channel, or one.
  static func row(_ shape: [Int], _ values: [Double]) -> [Double]? {
    shape.dropLast().allSatisfy { $0 == 1 } ? values : nil
  }

  private static func broadcast(_ x: [Int], _ y: [Int]) -> [Int]? {
    [Dim].broadcast([x.map { .fixed($0) }, y.map { .fixed($0) }])?.compactMap(\.fixed)
  }

  /// Which element of a value of `own` shape stands at `index` of `shape`, to which it repeats.
  private static func element(_ index: Int, of shape: [Int], in own: [Int]) -> Int {
    var (rest, place, step) = (index, 0, 1)
    for axis in shape.indices.reversed() {
      let coordinate = rest % shape[axis]
      rest /= shape[axis]
      let ownAxis = axis - (shape.count - own.count)
      guard ownAxis >= 0 else { break }
      if own[ownAxis] > 1 { place += coordinate * step }
      step *= own[ownAxis]
    }
    return place
  }
}

extension UnaryFunction {
  /// The function of a number, masks as 1 and 0.
  fileprivate var onNumber: ((Double) -> Double)? {
    switch self {
    case .neg: { -$0 }
    case .abs: { $0.magnitude }
    case .exp: { Glibc.exp($0) }
    case .log: { Glibc.log($0) }
    case .sqrt: { $0.squareRoot() }
    case .rsqrt: { 1 / $0.squareRoot() }
    case .tanh: { Glibc.tanh($0) }
    case .sigmoid: { 1 / (1 + Glibc.exp(-$0)) }
    case .silu: { $0 / (1 + Glibc.exp(-$0)) }
    case .gelu: { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) }
    case .geluTanh:
      { $0 / 2 * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    case .sin: { Glibc.sin($0) }
    case .cos: { Glibc.cos($0) }
    case .not: { $0 == 0 ? 1 : 0 }
    case .leakyRelu(let slope): { $0 > 0 ? $0 : Double(slope) * $0 }
    }
  }
}

extension BinaryFunction {
  /// The function of two numbers, masks as 1 and 0.
  fileprivate var onNumbers: (Double, Double) -> Double {
    switch self {
    case .add: { $0 + $1 }
    case .sub: { $0 - $1 }
    case .mul: { $0 * $1 }
    case .div: { $0 / $1 }
    case .atan2: { Glibc.atan2($0, $1) }
    case .min: { Swift.min($0, $1) }
    case .max: { Swift.max($0, $1) }
    case .lt: { $0 < $1 ? 1 : 0 }
    case .le: { $0 <= $1 ? 1 : 0 }
    case .gt: { $0 > $1 ? 1 : 0 }
    case .ge: { $0 >= $1 ? 1 : 0 }
    case .eq: { $0 == $1 ? 1 : 0 }
    case .and: { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: { $0 != 0 || $1 != 0 ? 1 : 0 }
    }
  }
}
