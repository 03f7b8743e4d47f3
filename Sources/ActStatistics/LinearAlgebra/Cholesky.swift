import COpenBLAS

/// The Cholesky factor `A = UᵀU` of a symmetric positive definite matrix, to solve with.
public struct Cholesky: Sendable {
  /// U in the upper triangle; below it the matrix's own elements, which nothing reads.
  private let factor: Matrix

  /// Factors `matrix`, of which the upper triangle is read. (`dpotrf`)
  ///
  /// - Throws: ``LinearAlgebraError/notPositiveDefinite(order:)``, and errors for a matrix that LAPACK cannot take.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns)
    try matrix.checkForLAPACK()
    var factor = matrix
    // Row-major, the upper triangle is LAPACK's lower one, and its L our Uᵀ.
    let info = act_dpotrf(Int32(factor.rows), &factor.values)
    precondition(info >= 0)
    guard info == 0 else { throw .notPositiveDefinite(order: Int(info)) }
    self.factor = factor
  }

  /// For each row b of `rows: [k, n]` the x with `A x = b`, as a row. (`dpotrs`)
  public func solve(_ rows: Matrix) -> Matrix {
    precondition(rows.columns == factor.rows)
    // Our rows are LAPACK's columns.
    var solution = rows
    let info = act_dpotrs(Int32(factor.rows), Int32(rows.rows), factor.values, &solution.values)
    precondition(info == 0)
    return solution
  }
}
