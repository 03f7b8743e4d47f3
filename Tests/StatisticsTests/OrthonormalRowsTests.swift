import ActFormats
import ActStatistics
import Testing

@Suite struct OrthonormalRowsTests {
  @Test(arguments: [(1, 1), (1, 5), (3, 7), (6, 6), (40, 64)])
  func spanWhatTheFirstRowsSpan(rows: Int, columns: Int) throws {
    var random = SplitMix64(state: 6)
    let values = (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &random) }
    let matrix = Matrix(rows: rows, columns: columns, values)
    let q = try matrix.orthonormalRows()
    let products = q.rowProducts
    // Row k has nothing along later directions, and lies on the side of its own.
    let along = matrix.product(transposed: q)
    for row in 0..<rows {
      for column in 0..<rows {
        #expect((products[row, column] - (row == column ? 1 : 0)).magnitude < 1e-13)
        if column > row { #expect(along[row, column].magnitude < 1e-12) }
      }
      #expect(along[row, row] > 0)
    }
  }

  @Test func refusesWhatIsNotFinite() {
    #expect(throws: LinearAlgebraError.notFinite) {
      try Matrix(rows: 1, columns: 2, [1, .nan]).orthonormalRows()
    }
  }
}
