/// The mean and the second moments of many channels: of all samples while there are fewer than channels, and of their
/// covariance beyond.
///
/// So `n` samples of `D` channels take the lesser of `4·n·D` and about `8·D²` bytes, and what is wanted of their axes
/// comes from whichever is smaller: of few samples from the samples themselves, without a matrix of `D × D`.
public struct SecondMoments: Sendable {
  /// The number of channels.
  public let width: Int
  /// All samples, row-major, while there are at most as many as channels.
  private var rows: [Float] = []
  private var covariance: Covariance?

  /// Of `width` channels, without samples yet.
  public init(width: Int) { self.width = width }

  /// How many samples.
  public var count: Int { covariance?.count ?? rows.count / width }

  /// The bytes that so many samples take.
  public static func byteCount(samples: Int, width: Int) -> Int {
    let (of, overflow) = width.multipliedReportingOverflow(by: width * MemoryLayout<Double>.size)
    let (rows, overflows) = min(samples, width).multipliedReportingOverflow(
      by: width * MemoryLayout<Float>.size)
    return overflow || overflows ? .max : samples <= width ? rows : of
  }

  /// Takes samples, row-major.
  public mutating func observe(_ samples: [Float]) {
    precondition(samples.count % width == 0)
    if covariance == nil, rows.count + samples.count <= width * width {
      rows += samples
    } else {
      condense()
      covariance!.observe(samples)
    }
  }

  /// Adds the samples of another of the same width.
  public mutating func merge(_ other: SecondMoments) {
    if let theirs = other.covariance {
      condense()
      covariance!.merge(theirs)
    } else {
      observe(other.rows)
    }
  }

  /// Puts the moments in the place of the samples.
  private mutating func condense() {
    guard covariance == nil else { return }
    covariance = Covariance(width: width)
    covariance!.observe(rows)
    rows = []
  }

  /// Whether all samples were finite.
  public var isFinite: Bool { covariance?.isFinite ?? rows.allSatisfy(\.isFinite) }

  /// By channel; 0 without samples.
  public var mean: [Double] {
    if let covariance { return covariance.mean }
    guard count > 0 else { return [Double](repeating: 0, count: width) }
    var sums = [Double](repeating: 0, count: width)
    for (index, value) in rows.enumerated() { sums[index % width] += Double(value) }
    return sums.map { $0 / Double(count) }
  }

  /// The axes of the covariance, divided by the number of samples, about `center`; by default about the mean.
  ///
  /// - Parameter center: what the samples are counted from; 0 gives the axes of `Σ x xᵀ / n`.
  /// - Returns: as many axes as there are samples or channels, whichever are fewer.
  /// - Throws: ``LinearAlgebraError`` for samples that are not finite.
  public func axes(about center: [Double]? = nil) throws(LinearAlgebraError) -> PrincipalAxes {
    let mean = mean
    let center = center ?? mean
    precondition(count > 0 && center.count == width)
    if let covariance {
      var matrix = covariance.matrix(over: Double(count))
      for row in 0..<width {
        for column in 0..<width {
          matrix[row, column] += (mean[row] - center[row]) * (mean[column] - center[column])
        }
      }
      let system = try SymmetricEigensystem(matrix)
      return PrincipalAxes(variances: system.values.map { max($0, 0) }, axes: system.vectors)
    }
    let scale = 1 / Double(count).squareRoot()
    var samples = Matrix(samples: rows, width: width)
    for row in 0..<samples.rows {
      for column in 0..<width { samples[row, column] = (samples[row, column] - center[column]) * scale }
    }
    let decomposition = try SingularValues(samples)
    return PrincipalAxes(variances: decomposition.values.map { $0 * $0 }, axes: decomposition.right)
  }
}

/// Orthogonal directions of some samples, and the variance along each: `Σ = axesᵀ diag(variances) axes`.
public struct PrincipalAxes: Sendable {
  /// Falling, none below 0; at least one.
  public let variances: [Double]
  /// `[variances.count, D]`: a direction of length 1 a row. Its sign is LAPACK's choice.
  public let axes: Matrix

  /// Axes of these variances.
  public init(variances: [Double], axes: Matrix) {
    precondition(variances.count == axes.rows)
    self.variances = variances
    self.axes = axes
  }

  /// Channels of an axis.
  public var width: Int { axes.columns }

  /// The sum of the variances of all channels.
  public var total: Double { variances.reduce(0, +) }

  /// Those whose variance is above `share` of the largest; at least one.
  public func above(_ share: Double) -> PrincipalAxes {
    let count = max(1, variances.count { $0 > share * variances[0] })
    return PrincipalAxes(variances: Array(variances[..<count]), axes: axes.rows(0..<count))
  }

  /// `f(Σ)`, where f is 0 at 0: `axesᵀ diag(f(variances)) axes`, `[D, D]`.
  public func matrix(_ function: (Double) -> Double) -> Matrix {
    var scaled = axes
    for row in 0..<axes.rows {
      let factor = function(variances[row])
      for column in 0..<width { scaled[row, column] *= factor }
    }
    return scaled.transposedProduct(axes)
  }

  /// `f(Σ) x` for a vector.
  public func apply(_ function: (Double) -> Double, to x: [Double]) -> [Double] {
    let along = axes.product(transposed: Matrix(rows: 1, columns: width, x))
    var scaled = along.values
    for index in scaled.indices { scaled[index] *= function(variances[index]) }
    return Matrix(rows: 1, columns: scaled.count, scaled).product(axes).values
  }
}
