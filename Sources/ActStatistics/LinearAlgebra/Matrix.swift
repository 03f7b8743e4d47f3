/// A dense matrix of doubles, row-major: element (r, c) is `values[r * columns + c]`. Neither side is 0.
///
/// Shapes that do not fit each other are a mistake of the caller, and trap.
public struct Matrix: Hashable, Sendable {
  /// How many rows there are; at least 1.
  public let rows: Int
  /// How many columns there are; at least 1.
  public let columns: Int
  /// The elements, row-major; always `rows * columns`.
  public var values: [Double]

  /// A matrix of `values`, row-major, as many as there are elements.
  public init(rows: Int, columns: Int, _ values: [Double]) {
    precondition(rows > 0 && columns > 0 && values.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A matrix of zeros.
  public init(zeros rows: Int, _ columns: Int) {
    self.init(rows: rows, columns: columns, [Double](repeating: 0, count: rows * columns))
  }

  /// Samples as they come from a model: row-major, a sample a row.
  public init(samples: [Float], width: Int) {
    self.init(rows: samples.count / width, columns: width, samples.map(Double.init))
  }

  /// An element.
  public subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// Whether all elements are finite.
  public var isFinite: Bool { values.allSatisfy(\.isFinite) }

  /// The transpose, `[m, n] -> [n, m]`. A row-major matrix is its transpose to LAPACK, which is column-major.
  public var transposed: Matrix {
    var out = Matrix(zeros: columns, rows)
    Self.forEachTile(rows, columns) { row, columns in
      for column in columns { out[column, row] = self[row, column] }
    }
    return out
  }

  /// Calls `body` with each row and some of the columns, tile by tile: what is read by rows and written by columns, or
  /// the other way round, stays in the cache.
  private static func forEachTile(_ rows: Int, _ columns: Int, _ body: (Int, Range<Int>) -> Void) {
    let side = 32
    for firstRow in stride(from: 0, to: rows, by: side) {
      for firstColumn in stride(from: 0, to: columns, by: side) {
        for row in firstRow..<min(firstRow + side, rows) {
          body(row, firstColumn..<min(firstColumn + side, columns))
        }
      }
    }
  }

  /// Some rows, in order.
  public func rows(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: range.count, columns: columns,
      Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }

  /// Copies the upper triangle of a square matrix to the lower.
  mutating func mirrorUpper() {
    precondition(rows == columns)
    Self.forEachTile(rows, columns) { row, columns in
      for column in columns where column < row { self[row, column] = self[column, row] }
    }
  }

  /// Checks what every LAPACK routine needs: finite elements, which it may not end without, and a number of them that its
  /// integers hold.
  func checkForLAPACK() throws(LinearAlgebraError) {
    guard values.count <= Int(Int32.max) else { throw .tooLarge(rows: rows, columns: columns) }
    guard isFinite else { throw .notFinite }
  }
}
