import COpenBLAS

/// The X of the least Frobenius norm that minimises `‖A X − B‖`, for an A of any rank.
public struct LeastSquares: Hashable, Sendable {
  /// `[n, k]` for `A: [m, n]` and `B: [m, k]`.
  public let solution: Matrix
  /// How many singular values of A count.
  public let rank: Int
  /// All of them, from the largest down.
  public let singularValues: [Double]

  /// Solves by singular values; those up to `cutoff` times the largest count as 0. (`dgelsd`)
  ///
  /// - Throws: an error for an element that is not finite, or an iteration that does not converge.
  public init(_ a: Matrix, _ b: Matrix, cutoff: Double) throws(LinearAlgebraError) {
    precondition(a.rows == b.rows)
    let (m, n, k) = (a.rows, a.columns, b.columns)
    try a.checkForLAPACK()
    try b.checkForLAPACK()
    // The right-hand sides and, in their place, the solutions: columns of max(m, n) to LAPACK.
    let height = max(m, n)
    guard height * k <= Int(Int32.max) else { throw .tooLarge(rows: height, columns: k) }
    var sides = Matrix(zeros: k, height)
    for row in 0..<m {
      for side in 0..<k { sides[side, row] = b[row, side] }
    }
    var columns = a.transposed.values
    var singularValues = [Double](repeating: 0, count: min(m, n))
    var rank = Int32(0)
    func solve(_ work: inout [Double], _ integers: inout [Int32], isQuery: Bool = false) -> Int32 {
      act_dgelsd(
        Int32(m), Int32(n), Int32(k), &columns, &sides.values, &singularValues, cutoff, &rank, &work,
        isQuery ? -1 : Int32(work.count), &integers)
    }
    var (work, integers): ([Double], [Int32]) = ([0], [0])
    _ = solve(&work, &integers, isQuery: true)
    guard work[0] <= Double(Int32.max) else { throw .tooLarge(rows: m, columns: n) }
    work = [Double](repeating: 0, count: Int(work[0]))
    integers = [Int32](repeating: 0, count: max(1, Int(integers[0])))
    let info = solve(&work, &integers)
    precondition(info >= 0)
    guard info == 0 else { throw .noConvergence(routine: "dgelsd") }
    self.solution = sides.transposed.rows(0..<n)
    self.rank = Int(rank)
    self.singularValues = singularValues
  }
}
