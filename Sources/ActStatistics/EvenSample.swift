/// Rows spread evenly over all that were offered, at most a given number.
///
/// It keeps every k-th row, and doubles k when there are too many: which rows it keeps depends on their number alone.
package struct EvenSample: Sendable {
  package let width: Int
  private let limit: Int
  private var stride = 1
  private var offered = 0
  /// Row-major.
  package private(set) var rows: [Float] = []

  /// Keeps up to `limit` rows, at least two.
  package init(width: Int, limit: Int) {
    self.width = width
    self.limit = max(limit, 2)
  }

  package var count: Int { rows.count / width }

  /// Takes rows, row-major.
  package mutating func observe(_ values: UnsafeBufferPointer<Float>) {
    for start in Swift.stride(from: 0, to: values.count - values.count % width, by: width) {
      if offered % stride == 0 {
        if count == limit { thin() }
        if offered % stride == 0 { rows += values[start..<start + width] }
      }
      offered += 1
    }
  }

  private mutating func thin() {
    stride *= 2
    var kept: [Float] = []
    kept.reserveCapacity(limit * width)
    for row in Swift.stride(from: 0, to: count, by: 2) { kept += rows[row * width..<(row + 1) * width] }
    rows = kept
  }

  /// The values of a channel, rising.
  package func sorted(_ channel: Int) -> [Double] {
    Swift.stride(from: channel, to: rows.count, by: width).map { Double(rows[$0]) }.sorted()
  }
}
