import COpenBLAS

/// The thin singular value decomposition `A = left · diag(values) · right` of a matrix `[m, n]`, with k = min(m, n).
public struct SingularValues: Hashable, Sendable {
  /// `[m, k]`: a left vector a column.
  public let left: Matrix
  /// k values from the largest down.
  public let values: [Double]
  /// `[k, n]`: a right vector a row. The sign of a pair of vectors is LAPACK's choice.
  public let right: Matrix

  /// Decomposes a matrix. (`dgesdd`)
  ///
  /// - Throws: an error for an element that is not finite, or an iteration that does not converge.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    let (m, n) = (matrix.rows, matrix.columns)
    let k = min(m, n)
    try matrix.checkForLAPACK()
    // To LAPACK the matrix is its transpose `[n, m]`, whose left vectors are our right ones.
    var a = matrix.values
    var values = [Double](repeating: 0, count: k)
    var right = Matrix(zeros: k, n)
    var left = Matrix(zeros: m, k)
    var integers = [Int32](repeating: 0, count: 8 * k)
    func solve(_ work: inout [Double], isQuery: Bool = false) -> Int32 {
      act_dgesdd(
        Int32(n), Int32(m), &a, &values, &right.values, &left.values, &work,
        isQuery ? -1 : Int32(work.count), &integers)
    }
    var work = [0.0]
    _ = solve(&work, isQuery: true)
    guard work[0] <= Double(Int32.max) else { throw .tooLarge(rows: m, columns: n) }
    work = [Double](repeating: 0, count: Int(work[0]))
    let info = solve(&work)
    precondition(info >= 0)
    guard info == 0 else { throw .noConvergence(routine: "dgesdd") }
    self.left = left
    self.values = values
    self.right = right
  }
}
