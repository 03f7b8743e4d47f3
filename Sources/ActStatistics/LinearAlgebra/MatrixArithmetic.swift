extension Matrix {
  /// The matrix of as many rows and columns that changes nothing.
  public init(identity count: Int) {
    self.init(zeros: count, count)
    for index in 0..<count { self[index, index] = 1 }
  }

  /// The elements of a column.
  public func column(_ index: Int) -> [Double] { (0..<rows).map { self[$0, index] } }

  /// The mean of each column.
  public var columnMeans: [Double] { (0..<columns).map { mean(column($0)) } }

  /// Adds a matrix of the same shape.
  public mutating func add(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns)
    for index in values.indices { values[index] += other.values[index] }
  }

  /// Takes away a matrix of the same shape.
  public mutating func subtract(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns)
    for index in values.indices { values[index] -= other.values[index] }
  }

  /// Each row times a number.
  public func scalingRows(by factors: [Double]) -> Matrix {
    precondition(factors.count == rows)
    var scaled = self
    for row in 0..<rows { for column in 0..<columns { scaled[row, column] *= factors[row] } }
    return scaled
  }

  /// Each column times a number.
  public func scalingColumns(by factors: [Double]) -> Matrix {
    precondition(factors.count == columns)
    var scaled = self
    for row in 0..<rows { for column in 0..<columns { scaled[row, column] *= factors[column] } }
    return scaled
  }

  /// `self · vector`.
  public func product(vector: [Double]) -> [Double] {
    product(transposed: Matrix(rows: 1, columns: columns, vector)).values
  }
}
