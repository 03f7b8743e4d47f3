import ActStatistics

/// What can be said of conceptors as of propositions (Jaeger, arXiv 1403.3369, the chapter on Boolean operations).
public enum ConceptorOperation: String, Hashable, Sendable, CaseIterable {
  /// What passes both.
  case and
  /// What passes either.
  case or
  /// What the other damps.
  case not

  /// How many conceptors it takes.
  public var operandCount: Int { self == .not ? 1 : 2 }
}

/// A conceptor: a symmetric matrix whose eigenvalues are from 0 to 1.
package struct Conceptor: Sendable {
  package let matrix: Matrix
  /// How far from 0 the eigenvalues of a matrix lie that was stored as floats, where they were 0.
  private let resolution: Double

  /// A conceptor of a map file.
  ///
  /// - Throws: `FitError` for a matrix that is none, beyond what rounding to floats does.
  package init(_ matrix: Matrix) throws {
    precondition(matrix.rows == matrix.columns)
    let size = matrix.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // Rounding moves no eigenvalue further than the norm of what it changes.
    resolution = 2 * Double(Float.ulpOfOne) * size
    var symmetric = matrix
    for row in 0..<matrix.rows {
      for column in 0..<row {
        let (a, b) = (matrix[row, column], matrix[column, row])
        guard (a - b).magnitude <= 16 * resolution else {
          throw FitError("expected a symmetric matrix, found \(a) and \(b) at \(row), \(column)")
        }
        (symmetric[row, column], symmetric[column, row]) = ((a + b) / 2, (a + b) / 2)
      }
    }
    self.matrix = symmetric
    let values = try SymmetricEigensystem(symmetric).values
    guard let first = values.first, let last = values.last, last >= -16 * resolution,
      first <= 1 + 16 * resolution
    else {
      throw FitError(
        "expected eigenvalues from 0 to 1, found \(Float(values.last ?? .nan)) to \(Float(values.first ?? .nan))"
      )
    }
  }

  private init(exactly matrix: Matrix, resolution: Double) {
    self.matrix = matrix
    self.resolution = resolution
  }

  /// `I − C`
  package var negated: Conceptor {
    var other = matrix
    for index in other.values.indices { other.values[index] = -other.values[index] }
    for index in 0..<other.rows { other[index, index] += 1 }
    return Conceptor(exactly: other, resolution: resolution)
  }

  /// `(C⁻¹ + D⁻¹ − I)⁻¹` where both are regular. In general with pseudo-inverses, and in the directions that both let
  /// pass: `B (Bᵀ (C⁺ + D⁺ − I) B)⁻¹ Bᵀ`, the columns of B a basis of where both ranges meet.
  package func and(_ other: Conceptor) throws -> Conceptor {
    let (a, b) = (try range(), try other.range())
    let resolution = max(resolution, other.resolution)
    // What either leaves no trace of; the ranges meet in the rest.
    var blocked = a.projector
    blocked.add(b.projector)
    for index in blocked.values.indices { blocked.values[index] = -blocked.values[index] }
    for index in 0..<blocked.rows { blocked[index, index] += 2 }
    let system = try SymmetricEigensystem(blocked)
    let first = system.values.firstIndex { $0 < Self.blockedShare } ?? system.values.count
    let count = system.values.count - first
    guard count > 0 else {
      return Conceptor(exactly: Matrix(zeros: matrix.rows, matrix.rows), resolution: resolution)
    }
    let basis = system.vectors.rows(first..<system.values.count)
    var sum = a.inverse
    sum.add(b.inverse)
    for index in 0..<sum.rows { sum[index, index] -= 1 }
    let inner = try SymmetricEigensystem(basis.product(sum).product(transposed: basis))
    let axes = inner.vectors.product(basis)
    let scaled = axes.scalingRows(by: inner.values.map { 1 / $0 })
    return Conceptor(exactly: scaled.transposedProduct(axes), resolution: resolution)
  }

  /// `¬(¬C ∧ ¬D)`
  package func or(_ other: Conceptor) throws -> Conceptor { try negated.and(other.negated).negated }

  /// The largest eigenvalue of what two projectors leave of a direction that counts as in both ranges: it is half the
  /// square of the angle between them, which rounding to floats makes a thousandth at worst.
  private static let blockedShare = 1e-6

  /// The pseudo-inverse, and the projector to the range.
  private func range() throws -> (inverse: Matrix, projector: Matrix) {
    let system = try SymmetricEigensystem(matrix)
    let count = system.values.firstIndex { $0 <= resolution } ?? system.values.count
    guard count > 0 else {
      let zeros = Matrix(zeros: matrix.rows, matrix.rows)
      return (zeros, zeros)
    }
    let axes = system.vectors.rows(0..<count)
    let scaled = axes.scalingRows(by: system.values[..<count].map { 1 / $0 })
    return (scaled.transposedProduct(axes), axes.columnProducts)
  }
}
