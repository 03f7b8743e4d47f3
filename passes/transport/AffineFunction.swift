import ActStatistics

/// An affine function of the channels at a site, in double: `x -> linear · x + constant`.
package struct AffineFunction: Sendable {
  /// The linear part: a factor for each channel, or a matrix `[channels of the result, channels of x]`.
  package enum Linear: Sendable {
    case diagonal([Double])
    case matrix(Matrix)
  }

  package var linear: Linear
  /// By channel of the result.
  package var constant: [Double]

  package init(_ linear: Linear, constant: [Double]) {
    self.linear = linear
    self.constant = constant
  }

  /// Whether every channel depends on itself alone.
  package var isDiagonal: Bool { if case .diagonal = linear { true } else { false } }

  /// The linear part as a matrix.
  package var matrix: Matrix {
    switch linear {
    case .matrix(let matrix): return matrix
    case .diagonal(let factors):
      var matrix = Matrix(zeros: factors.count, factors.count)
      for (channel, factor) in factors.enumerated() { matrix[channel, channel] = factor }
      return matrix
    }
  }

  /// This function after another.
  package func after(_ first: AffineFunction) -> AffineFunction {
    var constant = linear.product(first.constant)
    for index in constant.indices { constant[index] += self.constant[index] }
    if case .diagonal(let a) = linear, case .diagonal(let b) = first.linear {
      return AffineFunction(.diagonal(zip(a, b).map(*)), constant: constant)
    }
    return AffineFunction(.matrix(matrix.product(first.matrix)), constant: constant)
  }
}

extension AffineFunction.Linear {
  /// The product with a vector.
  func product(_ vector: [Double]) -> [Double] {
    switch self {
    case .diagonal(let factors): zip(factors, vector).map(*)
    case .matrix(let matrix): matrix.product(Matrix(rows: vector.count, columns: 1, vector)).values
    }
  }
}

/// How far two orders of the same maps are apart: in the constant, which every activation feels, and in the coefficients of
/// the channels.
package struct OrderDifference: Hashable, Sendable {
  /// Of a list of numbers the largest and the root of the mean square.
  package struct Size: Hashable, Sendable {
    package var largest: Double
    package var rootMeanSquare: Double

    package init(largest: Double, rootMeanSquare: Double) {
      self.largest = largest
      self.rootMeanSquare = rootMeanSquare
    }

    init(_ values: some Collection<Double>) {
      largest = values.reduce(0) { max($0, $1.magnitude) }
      rootMeanSquare = (values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))).squareRoot()
    }
  }

  package var constant: Size
  /// nil where each channel depends on itself alone: then the order does not matter to the coefficients.
  package var coefficients: Size?

  package init(constant: Size, coefficients: Size?) {
    self.constant = constant
    self.coefficients = coefficients
  }

  /// Of maps in one order and in the other.
  package init(_ a: AffineFunction, _ b: AffineFunction) {
    constant = Size(zip(a.constant, b.constant).map(-))
    guard !a.isDiagonal || !b.isDiagonal else { return }
    coefficients = Size(zip(a.matrix.values, b.matrix.values).map(-))
  }
}
