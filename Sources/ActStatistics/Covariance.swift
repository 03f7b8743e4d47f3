/// The mean and the covariance of many channels from a stream of samples; accumulators of parts of it merge.
///
/// It holds the mean and the co-moment `Σ (x − mean)(x − mean)ᵀ`, and joins parts by Chan, Golub and LeVeque's update,
/// so that a mean far from 0 costs no digits: 8 · width² bytes, 134 MB at 4096 channels.
///
/// Of n samples the covariance has rank n − 1 at most. Where n is much smaller than the width D, what is wanted of its
/// eigenvectors comes from the samples themselves, without a matrix of D × D: with the centred samples `X: [n, D]` the
/// Gram matrix `G = X Xᵀ`, ``Matrix/rowProducts``, has the eigenvalues of the co-moment `XᵀX`, and for an eigenvector u
/// of G with the eigenvalue λ > 0, `Xᵀu / √λ` is the co-moment's. ``SingularValues`` of X are the same at twice the
/// digits, as G squares the condition.
package struct Covariance: Sendable {
  package let width: Int
  package private(set) var count = 0
  /// By channel; 0 without samples.
  package private(set) var mean: [Double]
  /// The upper triangle.
  private var comoment: Matrix

  /// Of `width` channels, without samples yet.
  package init(width: Int) {
    self.width = width
    mean = [Double](repeating: 0, count: width)
    comoment = Matrix(zeros: width, width)
  }

  /// Rows that are converted to double together.
  private static let rowsAtATime = 512

  /// Takes samples, row-major.
  package mutating func observe(_ samples: [Float]) {
    precondition(samples.count % width == 0)
    for start in stride(from: 0, to: samples.count, by: Self.rowsAtATime * width) {
      add(samples[start..<min(start + Self.rowsAtATime * width, samples.count)])
    }
  }

  private mutating func add(_ samples: ArraySlice<Float>) {
    let rows = samples.count / width
    // One row more, for the difference of the means.
    var batch = [Double](repeating: 0, count: samples.count + width)
    var batchMean = [Double](repeating: 0, count: width)
    for (index, value) in samples.enumerated() { batch[index] = Double(value) }
    for row in 0..<rows {
      for channel in 0..<width { batchMean[channel] += batch[row * width + channel] }
    }
    for channel in 0..<width { batchMean[channel] /= Double(rows) }
    for row in 0..<rows {
      for channel in 0..<width { batch[row * width + channel] -= batchMean[channel] }
    }
    batch.replaceSubrange(samples.count..., with: join(rows, batchMean))
    comoment.addColumnProductsToUpper(of: Matrix(rows: rows + 1, columns: width, batch))
  }

  /// Adds the samples of another accumulator of the same width.
  package mutating func merge(_ other: Covariance) {
    precondition(other.width == width)
    guard other.count > 0 else { return }
    comoment.add(other.comoment)
    let difference = Matrix(rows: 1, columns: width, join(other.count, other.mean))
    comoment.addColumnProductsToUpper(of: difference)
  }

  /// Moves the mean to that of these samples and `others` more; returns the vector d whose product d dᵀ the co-moment
  /// gains by it.
  private mutating func join(_ others: Int, _ theirs: [Double]) -> [Double] {
    let total = Double(count + others)
    let share = Double(others) / total
    let weight = (Double(count) * share).squareRoot()
    var difference = theirs
    for channel in 0..<width {
      let step = theirs[channel] - mean[channel]
      mean[channel] += step * share
      difference[channel] = step * weight
    }
    count += others
    return difference
  }

  /// Whether all samples were finite.
  package var isFinite: Bool { mean.allSatisfy(\.isFinite) }

  /// The co-moment over `divisor`, full and symmetric to the bit: over ``count`` the covariance of the samples, over one
  /// less the unbiased estimate.
  package func matrix(over divisor: Double) -> Matrix {
    var out = comoment
    for index in out.values.indices { out.values[index] /= divisor }
    out.mirrorUpper()
    return out
  }
}
