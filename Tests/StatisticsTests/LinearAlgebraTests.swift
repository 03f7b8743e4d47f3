import ActStatistics
import Testing

/// Linear algebra beside NumPy's in float64.
@Suite struct LinearAlgebraTests {
  @Test func hasCases() {
    #expect(Reference.matrices.count >= 8 && Reference.symmetric.count >= 5)
    #expect(Reference.symmetric.contains { !$0.has("solution") })
  }

  @Test(arguments: Reference.matrices)
  func products(_ reference: Reference.Case) throws {
    let (a, b) = (try reference.matrix("a"), try reference.matrix("b"))
    let (rows, columns) = (try reference.matrix("row_products"), try reference.matrix("column_products"))
    #expect(deviation(a.rowProducts, rows) < 1e-14)
    #expect(deviation(a.columnProducts, columns) < 1e-14)
    #expect(a.rowProducts == a.rowProducts.transposed && a.columnProducts == a.columnProducts.transposed)
    #expect(deviation(a.product(transposed: a), rows) < 1e-14)
    #expect(deviation(a.product(a.transposed), rows) < 1e-14)
    #expect(deviation(a.transposedProduct(a), columns) < 1e-14)
    // Not symmetric, so that a side that is swapped shows.
    let product = a.transposedProduct(b)
    #expect(product.rows == a.columns && product.columns == 3)
    #expect(deviation(product, b.transposed.product(a).transposed) < 1e-14)
    #expect(deviation(product, a.transposed.product(transposed: b.transposed)) < 1e-14)
  }

  @Test(arguments: Reference.matrices)
  func singularValues(_ reference: Reference.Case) throws {
    let a = try reference.matrix("a")
    let k = min(a.rows, a.columns)
    let found = try SingularValues(a)
    #expect(deviation(found.values, try reference.numbers("singular_values")) < 1e-14)
    #expect(found.left.rows == a.rows && found.left.columns == k && found.right.columns == a.columns)
    var scaled = found.left
    for row in 0..<a.rows {
      for column in 0..<k { scaled[row, column] *= found.values[column] }
    }
    #expect(deviation(scaled.product(found.right), a) < 1e-13)
    #expect(deviation(found.right.rowProducts, .identity(k)) < 1e-13)
    #expect(deviation(found.left.columnProducts, .identity(k)) < 1e-13)
    let rank = found.values.count { $0 > Reference.cutoff * found.values[0] }
    #expect(try rank == reference.integer("rank"))
    // The small singular values of the ill-conditioned one are known to 1e-7 of their own size.
    #expect(deviation(found.right.rows(0..<rank).columnProducts, try reference.matrix("row_space")) < 1e-8)
  }

  @Test(arguments: Reference.matrices)
  func leastSquares(_ reference: Reference.Case) throws {
    let found = try LeastSquares(
      reference.matrix("a"), reference.matrix("b"), cutoff: Reference.cutoff)
    #expect(try found.rank == reference.integer("rank"))
    #expect(deviation(found.singularValues, try reference.numbers("singular_values")) < 1e-14)
    #expect(deviation(found.solution, try reference.matrix("least_squares")) < 1e-8)
  }

  @Test(arguments: Reference.symmetric)
  func eigensystems(_ reference: Reference.Case) throws {
    let a = try reference.matrix("a")
    let all = try SymmetricEigensystem(a)
    #expect(deviation(all.values, try reference.numbers("eigenvalues")) < 1e-14)
    #expect(deviation(all.vectors.rowProducts, .identity(a.rows)) < 1e-13)
    // A vᵢ = λᵢ vᵢ, a row each.
    var scaled = all.vectors
    for row in 0..<a.rows {
      for column in 0..<a.rows { scaled[row, column] *= all.values[row] }
    }
    #expect(deviation(all.vectors.product(a), scaled) < 1e-13)
    let three = try SymmetricEigensystem(a, largest: 3)
    #expect(deviation(three.values, Array(all.values[..<3])) < 1e-13)
    #expect(deviation(three.vectors.columnProducts, try reference.matrix("leading")) < 1e-10)
  }

  @Test(arguments: Reference.symmetric)
  func onlyTheUpperTriangleIsRead(_ reference: Reference.Case) throws {
    let whole = try reference.matrix("a")
    var upper = whole
    for row in 0..<whole.rows {
      for column in 0..<row { upper[row, column] = 99 }
    }
    #expect(try SymmetricEigensystem(upper) == SymmetricEigensystem(whole))
    guard reference.has("b") else { return }
    let b = try reference.matrix("b")
    #expect(try Cholesky(upper).solve(b) == Cholesky(whole).solve(b))
  }

  @Test(arguments: Reference.symmetric)
  func cholesky(_ reference: Reference.Case) throws {
    let a = try reference.matrix("a")
    guard reference.has("solution") else {
      // A singular one may pass by rounding; an indefinite one may not.
      if try reference.numbers("eigenvalues").last! < -1e-6 {
        let error = #expect(throws: LinearAlgebraError.self) { try Cholesky(a) }
        guard case .notPositiveDefinite(let order)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect((1...a.rows).contains(order))
      }
      return
    }
    // The Hilbert matrix has a condition of 1.5e7.
    #expect(deviation(try Cholesky(a).solve(reference.matrix("b")), try reference.matrix("solution")) < 1e-9)
  }

  /// LAPACK may not end where an element is not finite.
  @Test(arguments: [Double.nan, .infinity])
  func refusesWhatIsNotFinite(_ value: Double) {
    var a = Matrix.identity(3)
    a[1, 2] = value
    for solve: (Matrix) throws -> Void in [
      { _ = try SymmetricEigensystem($0) }, { _ = try SingularValues($0) }, { _ = try Cholesky($0) },
      { _ = try LeastSquares($0, .identity(3), cutoff: 0) },
      { _ = try LeastSquares(.identity(3), $0, cutoff: 0) },
    ] {
      #expect(throws: LinearAlgebraError.notFinite) { try solve(a) }
    }
  }

  @Test func theNumberOfThreadsIsKept() throws {
    let before = LinearAlgebra.threads
    defer { LinearAlgebra.threads = before }
    LinearAlgebra.threads = 1
    #expect(LinearAlgebra.threads == 1)
    LinearAlgebra.threads = 0
    #expect(LinearAlgebra.threads == 1)
    #expect(!LinearAlgebra.coreName.isEmpty)
  }
}

extension Matrix {
  static func identity(_ size: Int) -> Matrix {
    var out = Matrix(zeros: size, size)
    for index in 0..<size { out[index, index] = 1 }
    return out
  }
}
