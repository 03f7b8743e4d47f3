import ActStatistics

/// An affine function of the channels x at a site, in double: `y = scale ∘ x + Σ left (right x) + shift`.
package struct AffineFunction: Sendable {
  /// `left (right x)`. `left: [width, R]`, `right: [R, channels]`; without a left one it is `right x`.
  package struct Product: Sendable {
    package var left: Matrix?
    package var right: Matrix

    package var rank: Int { right.rows }

    /// `[width, channels]`
    package var matrix: Matrix { left?.product(right) ?? right }
  }

  /// Of x.
  package let channels: Int
  /// Of y.
  package private(set) var width: Int
  /// For each channel of x, which is the channel of y; nil: 0.
  package private(set) var scale: [Double]?
  package private(set) var products: [Product] = []
  /// For each channel of y.
  package private(set) var shift: [Double]

  /// x itself.
  package init(identityOf channels: Int) {
    self.channels = channels
    width = channels
    scale = [Double](repeating: 1, count: channels)
    shift = [Double](repeating: 0, count: channels)
  }

  /// What does not depend on x.
  init(_ constant: [Double], of channels: Int) {
    self.channels = channels
    width = constant.count
    shift = constant
  }

  /// Whether every channel depends on itself alone.
  package var isDiagonal: Bool { products.isEmpty }

  /// The sum of the ranks, no more than a matrix of all would have.
  package var rank: Int { products.reduce(0) { $0 + $1.rank } }

  /// The linear part, `[width, channels]`.
  package var matrix: Matrix {
    var sum = Matrix(zeros: width, channels)
    for (channel, factor) in (scale ?? []).enumerated() { sum[channel, channel] = factor }
    for product in products { sum.add(product.matrix) }
    return sum
  }

  // MARK: Arithmetic

  static func + (a: AffineFunction, b: AffineFunction) -> AffineFunction {
    let width = max(a.width, b.width)
    var sum = a.repeated(to: width)
    let addend = b.repeated(to: width)
    if let scale = addend.scale { sum.scale = sum.scale.map { zip($0, scale).map { $0 + $1 } } ?? scale }
    sum.products += addend.products
    sum.shift = zip(sum.shift, addend.shift).map { $0 + $1 }
    sum.joinProducts()
    return sum
  }

  /// Each channel of y times a number; a single one is for all.
  func scaled(by factors: [Double]) -> AffineFunction {
    var scaled = repeated(to: max(width, factors.count))
    let factors =
      factors.count == 1 ? [Double](repeating: factors[0], count: scaled.width) : factors
    scaled.scale = scaled.scale.map { zip($0, factors).map { $0 * $1 } }
    if factors.allSatisfy({ $0 == 0 }) { scaled.products = [] }
    for index in scaled.products.indices {
      let product = scaled.products[index]
      if let left = product.left {
        scaled.products[index].left = left.scalingRows(by: factors)
      } else {
        scaled.products[index].right = product.right.scalingRows(by: factors)
      }
    }
    scaled.shift = zip(scaled.shift, factors).map { $0 * $1 }
    return scaled
  }

  /// `matrix y`, `matrix: [rows, width]`.
  func multiplied(by matrix: Matrix) -> AffineFunction {
    var result = AffineFunction(matrix.product(vector: shift), of: channels)
    if let scale { result.products.append(Product(left: nil, right: matrix.scalingColumns(by: scale))) }
    for product in products {
      // The side that is narrower stays apart.
      result.products.append(
        product.rank < matrix.rows
          ? Product(left: product.left.map { matrix.product($0) } ?? matrix, right: product.right)
          : Product(left: nil, right: matrix.product(product.matrix)))
    }
    result.joinProducts()
    return result
  }

  /// This function after another.
  package func after(_ first: AffineFunction) -> AffineFunction {
    var result = AffineFunction(shift, of: first.channels)
    if let scale { result = result + first.scaled(by: scale) }
    for product in products {
      let along = first.multiplied(by: product.right)
      result = result + (product.left.map { along.multiplied(by: $0) } ?? along)
    }
    return result
  }

  /// The same number in `count` channels, where there is one.
  func repeated(to count: Int) -> AffineFunction {
    guard width == 1, count > 1 else { return self }
    let ones = Matrix(rows: count, columns: 1, [Double](repeating: 1, count: count))
    return multiplied(by: ones)
  }

  /// Products of more columns than one matrix of all would have become one.
  private mutating func joinProducts() {
    guard products.count > 1, rank >= min(width, channels) else { return }
    var sum = products[0].matrix
    for product in products.dropFirst() { sum.add(product.matrix) }
    products = [Product(left: nil, right: sum)]
  }
}

/// How far two orders of the same maps are apart: in the shift, which every activation feels, and in the coefficients of
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
    constant = Size(zip(a.shift, b.shift).map(-))
    guard !a.isDiagonal || !b.isDiagonal else { return }
    coefficients = Size(zip(a.matrix.values, b.matrix.values).map(-))
  }
}
