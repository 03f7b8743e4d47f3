import ActIR
import ActStatistics
import Glibc

extension Graph {
  /// A transport function at a strength as an affine function of its channels, exact from the parameters; nil where it is
  /// none, or uses an op of which that is not known.
  ///
  /// - Parameters:
  ///   - width: the channels of the site.
  ///   - parameters: by name.
  ///   - strength: λ.
  /// - Returns: the function, or nil.
  package func affineFunction(
    width: Int, _ parameters: [String: MapParameter], strength: Double = 1
  ) -> AffineFunction? {
    var values: [ValueID: AffineValue] = [:]
    for id in order {
      let node = self[id]
      let value: AffineValue?
      switch node.op {
      case .input(name: "x", _):
        value = .affine(
          AffineFunction(
            .diagonal([Double](repeating: 1, count: width)), constant: [Double](repeating: 0, count: width)))
      case .input(name: "strength", _): value = .fixed([], [strength])
      case .input(let name, _):
        value = parameters[name].map { .fixed($0.shape, $0.values.map(Double.init)) }
      case .constant(let number): value = .fixed([], [Double(number)])
      default: value = AffineValue(node.op, node.inputs.map { values[$0]! })
      }
      guard let value else { return nil }
      values[id] = value
    }
    guard case .affine(let function)? = results.first.flatMap({ values[$0.value] }) else { return nil }
    return function
  }
}

/// A value of a transport function: known, row-major, or an affine function of x for each row.
private enum AffineValue {
  case fixed(_ shape: [Int], _ values: [Double])
  case affine(AffineFunction)

  init?(_ op: Op, _ inputs: [AffineValue]) {
    let value: AffineValue? =
      switch op {
      case .unary(let function): Self.unary(function, inputs[0])
      case .binary(let function): Self.binary(function, inputs[0], inputs[1])
      case .affine: Self.binary(.mul, inputs[0], inputs[1]).flatMap { Self.binary(.add, $0, inputs[2]) }
      case .select: Self.select(inputs[0], inputs[1], inputs[2])
      case .linear: Self.linear(inputs)
      case .reduce(.sum): Self.sum(inputs[0], isMean: false)
      case .reduce(.mean): Self.sum(inputs[0], isMean: true)
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

  /// A known vector as a matrix of one row.
  private var asRow: AffineValue? {
    guard case .fixed(let shape, let values) = self, shape.count == 1 else { return nil }
    return .fixed([1, values.count], values)
  }

  private static func unary(_ function: UnaryFunction, _ x: AffineValue) -> AffineValue? {
    guard case .fixed(let shape, let values) = x else {
      return function == .neg ? binary(.mul, x, .fixed([], [-1])) : nil
    }
    let apply: ((Double) -> Double)? =
      switch function {
      case .neg: { -$0 }
      case .abs: { $0.magnitude }
      case .exp: { exp($0) }
      case .log: { log($0) }
      case .sqrt: { $0.squareRoot() }
      case .rsqrt: { 1 / $0.squareRoot() }
      case .tanh: { tanh($0) }
      case .sigmoid: { 1 / (1 + exp(-$0)) }
      case .sin: { sin($0) }
      case .cos: { cos($0) }
      case .not: { $0 == 0 ? 1 : 0 }
      default: nil
      }
    return apply.map { .fixed(shape, values.map($0)) }
  }

  private static func binary(_ function: BinaryFunction, _ a: AffineValue, _ b: AffineValue) -> AffineValue? {
    switch (a, b) {
    case (.fixed(let x, let left), .fixed(let y, let right)):
      guard let shape = broadcast(x, y) else { return nil }
      let apply = function.onNumbers
      let count = shape.reduce(1, *)
      return .fixed(
        shape,
        (0..<count).map { apply(left[element($0, of: shape, in: x)], right[element($0, of: shape, in: y)]) })
    case (.affine(let x), .affine(let y)):
      guard function == .add || function == .sub else { return nil }
      return sum(x, y, times: function == .add ? 1 : -1)
    case (.affine(let x), .fixed(let shape, let values)):
      guard let row = row(shape, values), let (x, row) = repeated(x, row) else { return nil }
      switch function {
      case .add: return .affine(AffineFunction(x.linear, constant: zip(x.constant, row).map(+)))
      case .sub: return .affine(AffineFunction(x.linear, constant: zip(x.constant, row).map(-)))
      case .mul: return .affine(x.scaled(by: row))
      case .div: return .affine(x.scaled(by: row.map { 1 / $0 }))
      default: return nil
      }
    case (.fixed, .affine):
      switch function {
      case .add, .mul: return binary(function, b, a)
      case .sub: return binary(.mul, b, .fixed([], [-1])).flatMap { binary(.add, $0, a) }
      default: return nil
      }
    }
  }

  private static func sum(_ x: AffineFunction, _ y: AffineFunction, times factor: Double) -> AffineValue? {
    guard let (x, y) = repeated(x, y) else { return nil }
    let constant = zip(x.constant, y.constant).map { $0 + factor * $1 }
    if case .diagonal(let a) = x.linear, case .diagonal(let b) = y.linear {
      return .affine(AffineFunction(.diagonal(zip(a, b).map { $0 + factor * $1 }), constant: constant))
    }
    var matrix = x.matrix
    for (index, value) in y.matrix.values.enumerated() { matrix.values[index] += factor * value }
    return .affine(AffineFunction(.matrix(matrix), constant: constant))
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
      guard x.constant.count == w.columns else { return nil }
      product = .affine(
        AffineFunction(.matrix(w), constant: [Double](repeating: 0, count: w.rows)).after(x))
    case .fixed(let rows, let values):
      guard rows.last == w.columns else { return nil }
      let x = Matrix(rows: values.count / w.columns, columns: w.columns, values)
      product = .fixed(rows.dropLast() + [w.rows], x.product(transposed: w).values)
    }
    return inputs.count == 2 ? product : binary(.add, product, inputs[2])
  }

  private static func sum(_ x: AffineValue, isMean: Bool) -> AffineValue? {
    switch x {
    case .affine(let function):
      let count = function.constant.count
      let share = isMean ? 1 / Double(count) : 1
      return linear([x, .fixed([1, count], [Double](repeating: share, count: count))])
    case .fixed(let shape, let values):
      guard let count = shape.last else { return nil }
      let sums = stride(from: 0, to: values.count, by: count).map { start in
        values[start..<start + count].reduce(0, +) / (isMean ? Double(count) : 1)
      }
      return .fixed(shape.dropLast() + [1], sums)
    }
  }

  private static func slice(_ slice: Slice, _ x: AffineValue) -> AffineValue? {
    let range = slice.start..<slice.start + slice.count
    switch x {
    case .affine(let function):
      return .affine(
        AffineFunction(.matrix(function.matrix.rows(range)), constant: Array(function.constant[range])))
    case .fixed(let shape, let values):
      guard let count = shape.last else { return nil }
      return .fixed(
        shape.dropLast() + [range.count],
        stride(from: 0, to: values.count, by: count).flatMap { start in
          values[start + range.lowerBound..<start + range.upperBound]
        })
    }
  }

  /// A known value as what every row reads: a number for each channel, or one.
  private static func row(_ shape: [Int], _ values: [Double]) -> [Double]? {
    shape.dropLast().allSatisfy { $0 == 1 } ? values : nil
  }

  /// A row of one channel repeated to as many as the other has.
  private static func repeated(_ x: AffineFunction, _ row: [Double]) -> (AffineFunction, [Double])? {
    let (width, count) = (x.constant.count, row.count)
    if width == count { return (x, row) }
    if count == 1 { return (x, [Double](repeating: row[0], count: width)) }
    return width == 1 ? (x.repeated(count), row) : nil
  }

  private static func repeated(_ x: AffineFunction, _ y: AffineFunction) -> (AffineFunction, AffineFunction)?
  {
    let (a, b) = (x.constant.count, y.constant.count)
    if a == b { return (x, y) }
    if a == 1 { return (x.repeated(b), y) }
    return b == 1 ? (x, y.repeated(a)) : nil
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

extension AffineFunction {
  /// Each channel of the result times a factor.
  fileprivate func scaled(by factors: [Double]) -> AffineFunction {
    let constant = zip(self.constant, factors).map(*)
    switch linear {
    case .diagonal(let own): return AffineFunction(.diagonal(zip(own, factors).map(*)), constant: constant)
    case .matrix(var matrix):
      for row in 0..<matrix.rows {
        for column in 0..<matrix.columns { matrix[row, column] *= factors[row] }
      }
      return AffineFunction(.matrix(matrix), constant: constant)
    }
  }

  /// Its one channel, several times.
  fileprivate func repeated(_ count: Int) -> AffineFunction {
    let row = matrix.values
    return AffineFunction(
      .matrix(
        Matrix(rows: count, columns: row.count, (0..<count).flatMap { _ in row })),
      constant: [Double](repeating: constant[0], count: count))
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
