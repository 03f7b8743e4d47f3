import COpenBLAS

extension Matrix {
  /// `self · other`: `[m, k] · [k, n] -> [m, n]`.
  public func product(_ other: Matrix) -> Matrix {
    precondition(columns == other.rows)
    return Self.product(self, CblasNoTrans, other, CblasNoTrans, rows, other.columns, columns)
  }

  /// `self · otherᵀ`: `[m, k] · [n, k]ᵀ -> [m, n]`.
  public func product(transposed other: Matrix) -> Matrix {
    precondition(columns == other.columns)
    return Self.product(self, CblasNoTrans, other, CblasTrans, rows, other.rows, columns)
  }

  /// `selfᵀ · other`: `[k, m]ᵀ · [k, n] -> [m, n]`.
  public func transposedProduct(_ other: Matrix) -> Matrix {
    precondition(rows == other.rows)
    return Self.product(self, CblasTrans, other, CblasNoTrans, columns, other.columns, rows)
  }

  private static func product(
    _ a: Matrix, _ transposeA: CBLAS_TRANSPOSE, _ b: Matrix, _ transposeB: CBLAS_TRANSPOSE, _ m: Int,
    _ n: Int, _ k: Int
  ) -> Matrix {
    var out = Matrix(zeros: m, n)
    cblas_dgemm(
      CblasRowMajor, transposeA, transposeB, Int32(m), Int32(n), Int32(k), 1, a.values, Int32(a.columns),
      b.values, Int32(b.columns), 0, &out.values, Int32(n))
    return out
  }

  /// The products of the rows with each other, `self · selfᵀ`: `[m, k] -> [m, m]`, symmetric to the bit.
  public var rowProducts: Matrix {
    var out = Matrix(zeros: rows, rows)
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, CblasNoTrans, Int32(rows), Int32(columns), 1, values, Int32(columns), 0,
      &out.values, Int32(rows))
    out.mirrorUpper()
    return out
  }

  /// The products of the columns with each other, `selfᵀ · self`: `[k, n] -> [n, n]`, symmetric to the bit.
  public var columnProducts: Matrix {
    var out = Matrix(zeros: columns, columns)
    out.addColumnProductsToUpper(of: self)
    out.mirrorUpper()
    return out
  }

  /// Adds `otherᵀ · other` to the upper triangle.
  mutating func addColumnProductsToUpper(of other: Matrix) {
    precondition(rows == other.columns && columns == other.columns)
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, CblasTrans, Int32(columns), Int32(other.rows), 1, other.values,
      Int32(columns), 1, &values, Int32(columns))
  }
}
