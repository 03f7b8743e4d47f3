/// A tensor in double precision, rows outermost; masks are 0 and 1.
package struct ReferenceTensor: Sendable {
  package var shape: [Int]
  package var data: [Double]

  package init(shape: [Int], data: [Double]) {
    self.shape = shape
    self.data = data
  }

  package subscript(row: Int, column: Int) -> Double { data[row * (shape.last ?? 1) + column] }

  /// Whether all elements are equal up to a relative error of 1e-6; constants pass through f32. No number equals none.
  package func isClose(to other: ReferenceTensor) -> Bool {
    guard shape == other.shape else { return false }
    let scale = other.data.reduce(1) { max($0, $1.isFinite ? abs($1) : 0) }
    return zip(data, other.data).allSatisfy { a, b in
      a == b || abs(a - b) <= 1e-6 * scale || a.isNaN && b.isNaN
    }
  }
}
