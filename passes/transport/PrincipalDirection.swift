import ActIR
import ActStatistics

extension Matrix {
  /// The first principal direction of the rows as they are, of length 1: that of the greatest singular value. Its sign is
  /// such that the rows of `along`, summed, do not point against it.
  ///
  /// - Throws: `FitError` where all rows are 0.
  func principalDirection(along: Matrix) throws -> [Double] {
    let decomposition = try SingularValues(self)
    guard decomposition.values[0] > 0 else {
      throw FitError("the texts of every pair are the same there; leave out the site")
    }
    let direction = decomposition.right.rows(0..<1)
    let sum = along.product(transposed: direction).values.reduce(0, +)
    return sum < 0 ? direction.values.map { -$0 } : direction.values
  }

  /// The rows of a pair's target less those of its source.
  static func differences(of source: Matrix, to target: Matrix) -> Matrix {
    var differences = target
    differences.subtract(source)
    return differences
  }
}
