import ActStatistics

/// What a transport comes to at one site and one strength, where it is affine in the site's value x:
/// `y = scale ∘ x + Σ left (right x) + shift`.
package struct AffineTransport {
  /// `left (right x)`. `left: [width, R]`, `right: [R, channels]`; without a left one it is `right x`.
  package struct Product {
    package var left: Matrix?
    package var right: Matrix

    package var rank: Int { right.rows }

    /// `[width, channels]`
    var matrix: Matrix { left?.product(right) ?? right }
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
  init(identityOf channels: Int) {
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

  var isConstant: Bool { scale == nil && products.isEmpty }

  /// The sum of the ranks, no more than a matrix of all would have.
  package var rank: Int { products.reduce(0) { $0 + $1.rank } }

  // MARK: Arithmetic

  static func + (a: AffineTransport, b: AffineTransport) -> AffineTransport {
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
  func scaled(by factors: [Double]) -> AffineTransport {
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
  func multiplied(by matrix: Matrix) -> AffineTransport {
    var result = AffineTransport(matrix.product(vector: shift), of: channels)
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

  /// The same number in `count` channels, where there is one.
  private func repeated(to count: Int) -> AffineTransport {
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

extension Matrix {
  mutating func add(_ other: Matrix) {
    for index in values.indices { values[index] += other.values[index] }
  }

  func scalingRows(by factors: [Double]) -> Matrix {
    var scaled = self
    for row in 0..<rows { for column in 0..<columns { scaled[row, column] *= factors[row] } }
    return scaled
  }

  func scalingColumns(by factors: [Double]) -> Matrix {
    var scaled = self
    for row in 0..<rows { for column in 0..<columns { scaled[row, column] *= factors[column] } }
    return scaled
  }

  func product(vector: [Double]) -> [Double] {
    product(transposed: Matrix(rows: 1, columns: columns, vector)).values
  }
}
