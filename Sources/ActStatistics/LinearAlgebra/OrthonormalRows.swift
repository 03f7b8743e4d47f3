import COpenBLAS

extension Matrix {
  /// Orthonormal rows that span what the first k rows span, for each k: Gram and Schmidt's, of `[k, n]`, k at most n.
  ///
  /// Each lies on the side of the row that it is made of, so that they are unique. (`dgeqrf`, `dorgqr`)
  package func orthonormalRows() throws(LinearAlgebraError) -> Matrix {
    precondition(rows <= columns)
    try checkForLAPACK()
    // To LAPACK our rows are columns.
    let (m, n) = (Int32(columns), Int32(rows))
    var q = self
    var scales = [Double](repeating: 0, count: rows)
    var work = [0.0]
    func factor(isQuery: Bool = false) -> Int32 {
      act_dgeqrf(m, n, &q.values, &scales, &work, isQuery ? -1 : Int32(work.count))
    }
    func expand(isQuery: Bool = false) -> Int32 {
      act_dorgqr(m, n, &q.values, scales, &work, isQuery ? -1 : Int32(work.count))
    }
    func run(_ routine: (Bool) -> Int32) throws(LinearAlgebraError) {
      _ = routine(true)
      guard work[0] <= Double(Int32.max) else { throw .tooLarge(rows: rows, columns: columns) }
      work = [Double](repeating: 0, count: max(1, Int(work[0])))
      let info = routine(false)
      precondition(info == 0)
    }
    try run { factor(isQuery: $0) }
    // The diagonal of R.
    let isTurned = (0..<rows).map { q[$0, $0] < 0 }
    try run { expand(isQuery: $0) }
    for row in 0..<rows where isTurned[row] {
      for column in 0..<columns { q[row, column] = -q[row, column] }
    }
    return q
  }
}
