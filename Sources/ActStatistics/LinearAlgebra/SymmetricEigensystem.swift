import COpenBLAS

/// Eigenvalues of a symmetric matrix, falling, and their eigenvectors.
public struct SymmetricEigensystem: Hashable, Sendable {
  /// From the largest down.
  public let values: [Double]
  /// `[values.count, n]`: the eigenvector of each value as a row, of length 1. Its sign is LAPACK's choice.
  public let vectors: Matrix

  /// The `count` largest eigenvalues of `matrix`, of which the upper triangle is read; nil: all. (`dsyevr`)
  ///
  /// - Throws: an error for an element that is not finite, or an iteration that does not converge.
  public init(_ matrix: Matrix, largest count: Int? = nil) throws(LinearAlgebraError) {
    let n = matrix.rows
    let count = count ?? n
    precondition(n == matrix.columns && (1...n).contains(count))
    try matrix.checkForLAPACK()
    // Row-major, the upper triangle is LAPACK's lower one.
    var a = matrix.values
    var values = [Double](repeating: 0, count: n)
    var vectors = [Double](repeating: 0, count: n * count)
    var supports = [Int32](repeating: 0, count: 2 * n)
    func solve(_ work: inout [Double], _ integers: inout [Int32], isQuery: Bool = false) -> Int32 {
      act_dsyevr(
        Int32(n), &a, Int32(n - count + 1), Int32(n), &values, &vectors, &supports, &work,
        isQuery ? -1 : Int32(work.count), &integers, isQuery ? -1 : Int32(integers.count))
    }
    var (work, integers): ([Double], [Int32]) = ([0], [0])
    _ = solve(&work, &integers, isQuery: true)
    work = [Double](repeating: 0, count: Int(work[0]))
    integers = [Int32](repeating: 0, count: Int(integers[0]))
    let info = solve(&work, &integers)
    precondition(info >= 0)
    guard info == 0 else { throw .noConvergence(routine: "dsyevr") }
    // LAPACK's eigenvalues rise, and its columns are our rows.
    self.values = values[..<count].reversed()
    self.vectors = Matrix(
      rows: count, columns: n, (0..<count).reversed().flatMap { vectors[$0 * n..<($0 + 1) * n] })
  }
}
