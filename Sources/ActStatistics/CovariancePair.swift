/// The covariances of two sets of samples, shrunk alike, in a basis of what both vary along.
///
/// Of few samples a covariance is some axes, and a multiple of the identity by which it is shrunk; what is computed of
/// both needs a basis of all their axes only, whose size is that of the samples and not of the channels.
public struct CovariancePair: Sendable {
  private let source: Shrunk
  private let target: Shrunk
  private let meanDifference: [Double]
  /// Orthonormal, a direction a row.
  private let basis: Matrix

  /// `(1 − ρ) Σ + ρ tr(Σ)/D · I`.
  private struct Shrunk {
    var axes: PrincipalAxes
    /// 1 − ρ.
    var kept: Double
    /// ρ tr(Σ)/D.
    var added: Double

    init(_ moments: SecondMoments, _ shrinkage: Double) throws(LinearAlgebraError) {
      axes = try moments.axes().above(CovariancePair.cutoff)
      kept = 1 - shrinkage
      added = shrinkage * axes.total / Double(moments.width)
    }

    /// The covariance before it was shrunk, between directions: `V Σ Vᵀ`.
    func bare(along directions: Matrix) -> Matrix {
      var projected = directions.product(transposed: axes.axes)
      for row in 0..<projected.rows {
        for column in 0..<projected.columns { projected[row, column] *= axes.variances[column].squareRoot() }
      }
      return projected.rowProducts
    }

    func along(_ directions: Matrix) -> Matrix {
      var matrix = bare(along: directions)
      for index in matrix.values.indices { matrix.values[index] *= kept }
      for index in 0..<matrix.rows { matrix[index, index] += added }
      return matrix
    }
  }

  /// Variances below this share of the largest are rounding.
  private static let cutoff = 1e-12

  /// The pair of some samples, both shrunk by a share of 0 to 1.
  public init(
    _ source: SecondMoments, _ target: SecondMoments, shrinkage: Double
  ) throws(LinearAlgebraError) {
    self.source = try Shrunk(source, shrinkage)
    self.target = try Shrunk(target, shrinkage)
    meanDifference = zip(source.mean, target.mean).map { $1 - $0 }
    let sets = [self.source.axes.axes, self.target.axes.axes]
    basis =
      if let whole = sets.first(where: { $0.rows == $0.columns }) { whole } else {
        try Self.orthonormal(
          Matrix(
            rows: sets[0].rows + sets[1].rows, columns: source.width, sets[0].values + sets[1].values))!
      }
  }

  /// An orthonormal basis of what rows of length about 1 span; nil where they come to nothing.
  private static func orthonormal(_ rows: Matrix) throws(LinearAlgebraError) -> Matrix? {
    let decomposition = try SingularValues(rows)
    let count = decomposition.values.count { $0 > 1e-7 }
    return count > 0 ? decomposition.right.rows(0..<count) : nil
  }

  /// The optimal transport between normal distributions of these covariances, `[D, D]`.
  public func transport() throws(LinearAlgebraError) -> Matrix {
    var inside = try transport(along: basis)
    // Outside of the basis both are multiples of the identity.
    let outside = source.added > 0 ? (target.added / source.added).squareRoot() : 1
    for index in 0..<inside.rows { inside[index, index] -= outside }
    var whole = basis.transposedProduct(inside.product(basis))
    for index in 0..<whole.rows { whole[index, index] += outside }
    return whole
  }

  /// The same between the projections on orthonormal directions, rows of `directions`.
  public func transport(along directions: Matrix) throws(LinearAlgebraError) -> Matrix {
    try gaussianTransport(from: source.along(directions), to: target.along(directions))
  }

  /// Orthonormal directions in which the two differ most, at most `count`: that of the means, and then those of the
  /// greatest change of variance orthogonal to it. nil where they do not differ at all.
  public func discriminativeDirections(_ count: Int) throws(LinearAlgebraError) -> Matrix? {
    let length = meanDifference.reduce(0) { $0 + $1 * $1 }.squareRoot()
    var first: [Double]?
    var rest: Matrix? = basis
    if length > 0 {
      let direction = Matrix(rows: 1, columns: basis.columns, meanDifference.map { $0 / length })
      first = direction.values
      let along = basis.product(transposed: direction)
      var others = basis
      for row in 0..<others.rows {
        for column in 0..<others.columns { others[row, column] -= along[row, 0] * direction[0, column] }
      }
      rest = try Self.orthonormal(others)
    }
    var rows = first ?? []
    let wanted = count - (first == nil ? 0 : 1)
    if let rest, wanted > 0 {
      var change = target.bare(along: rest)
      let before = source.bare(along: rest)
      change.subtract(before)
      let system = try SymmetricEigensystem(change)
      let largest = system.values.reduce(0) { max($0, $1.magnitude) }
      let order = system.values.indices
        .filter { system.values[$0].magnitude > Self.cutoff * largest }
        .sorted { system.values[$0].magnitude > system.values[$1].magnitude }
      for index in order.prefix(wanted) {
        rows += system.vectors.rows(index..<index + 1).product(rest).values
      }
    }
    guard !rows.isEmpty else { return nil }
    return Matrix(rows: rows.count / basis.columns, columns: basis.columns, rows).rowsWithSignFixed
  }
}

/// `A = S^-½ (S^½ T S^½)^½ S^-½`, the optimal transport between normal distributions of covariances S and T; the identity
/// in directions in which S is 0.
public func gaussianTransport(from source: Matrix, to target: Matrix) throws(LinearAlgebraError) -> Matrix {
  let system = try SymmetricEigensystem(source)
  guard system.values[0] > 0 else {
    var identity = Matrix(zeros: source.rows, source.rows)
    for index in 0..<source.rows { identity[index, index] = 1 }
    return identity
  }
  let axes = PrincipalAxes(variances: system.values.map { max($0, 0) }, axes: system.vectors).above(1e-12)
  let root = axes.matrix { $0.squareRoot() }
  let inner = try SymmetricEigensystem(root.product(target).product(root))
  let middle = PrincipalAxes(variances: inner.values.map { max($0, 0) }, axes: inner.vectors)
    .matrix { $0.squareRoot() }
  let inverse = axes.matrix { 1 / $0.squareRoot() }
  var map = inverse.product(middle).product(inverse)
  let range = axes.matrix { _ in 1 }
  map.subtract(range)
  for index in 0..<map.rows { map[index, index] += 1 }
  return map
}

extension Matrix {
  /// Each row with the sign that makes its largest element positive, so that equal directions are equal rows.
  public var rowsWithSignFixed: Matrix {
    var out = self
    for row in 0..<rows {
      let elements = values[row * columns..<(row + 1) * columns]
      guard let largest = elements.max(by: { $0.magnitude < $1.magnitude }), largest < 0 else { continue }
      for index in elements.indices { out.values[index] = -values[index] }
    }
    return out
  }
}
