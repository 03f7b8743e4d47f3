/// A tensor in double precision, rows outermost; masks are 0 and 1.
package struct ReferenceTensor: Sendable {
  package var shape: [Int]
  package var data: [Double]

  package init(shape: [Int], data: [Double]) {
    self.shape = shape
    self.data = data
  }

  package subscript(row: Int, column: Int) -> Double { data[row * (shape.last ?? 1) + column] }

  /// The channels of a row.
  var width: Int { shape.last ?? 1 }

  /// The element that stands at `index` of a tensor of shape `wide`, to which this one is repeated as in NumPy.
  func element(at index: Int, of wide: [Int]) -> Double {
    var (rest, own, stride) = (index, 0, 1)
    for (axis, size) in zip(wide.indices, wide).reversed() {
      let coordinate = rest % size
      rest /= size
      let ownAxis = axis - (wide.count - shape.count)
      guard ownAxis >= 0 else { break }
      if shape[ownAxis] != 1 { own += coordinate * stride }
      stride *= shape[ownAxis]
    }
    return data[own]
  }

  /// For every element the coordinates along the axes.
  static func coordinates(_ index: Int, _ shape: [Int]) -> [Int] {
    var rest = index
    return shape.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }.reversed()
  }

  /// The element at coordinates.
  subscript(coordinates: [Int]) -> Double {
    data[zip(coordinates, shape).reduce(0) { $0 * $1.1 + $1.0 }]
  }

  /// Whether all elements are equal up to a relative error of 1e-6; constants pass through f32. No number equals none.
  package func isClose(to other: ReferenceTensor) -> Bool {
    guard shape == other.shape else { return false }
    let scale = other.data.reduce(1) { max($0, $1.isFinite ? abs($1) : 0) }
    return zip(data, other.data).allSatisfy { a, b in
      a == b || abs(a - b) <= 1e-6 * scale || a.isNaN && b.isNaN
    }
  }
}
