import Glibc

/// A logistic regression with a ridge: the plane that tells two sets of samples apart, and how sure it is of a sample.
///
/// With u = (x − center) / scale, scale² the mean variance of the channels, weights w and intercept b minimise
/// `Σ log(1 + exp(∓(w·u + b))) + ridge/2 ‖w‖²`, over all samples, − for those of the positives. So the ridge means the same
/// whatever the scale of the activations. Newton's method in double, its systems by Cholesky; the ridge makes the minimum
/// the only one, also of sets that a plane divides.
package struct LogisticRegression: Sendable {
  /// By channel of u; all 0 where nothing tells the sets apart.
  package let weights: [Double]
  package let intercept: Double
  package let center: [Double]
  package let scale: Double

  private static let mostSteps = 100

  /// Fits to samples `[n, D]` and `[m, D]`, finite ones, with a ridge above 0.
  package init(positives: Matrix, negatives: Matrix, ridge: Double) throws(LinearAlgebraError) {
    precondition(positives.columns == negatives.columns && ridge > 0)
    let (width, count) = (positives.columns, positives.rows + negatives.rows)
    var samples = Matrix(rows: count, columns: width, positives.values + negatives.values)
    (center, scale) = samples.standardize()
    let signs = (0..<count).map { $0 < positives.rows ? 1.0 : -1 }
    var problem = Problem(samples: samples, signs: signs, ridge: ridge)
    for _ in 0..<Self.mostSteps {
      let step = try problem.step()
      // The step promises half of this; below what rounding hides, the minimum is reached.
      let promise = -step.slope
      guard promise > 1e-22 * Double(count), problem.move(along: step) else { break }
    }
    weights = Array(problem.point.dropLast())
    intercept = problem.point[width]
  }

  /// The logarithm of the odds that each sample, a row, is one of the positives.
  package func logOdds(_ samples: Matrix) -> [Double] {
    (0..<samples.rows).map { row in
      weights.indices.reduce(intercept) { sum, channel in
        sum + weights[channel] * (samples[row, channel] - center[channel]) / scale
      }
    }
  }
}

extension Matrix {
  /// Subtracts the mean of each column, and divides all by the root of their mean variance, or by 1 where that is 0.
  fileprivate mutating func standardize() -> (center: [Double], scale: Double) {
    var center = [Double](repeating: 0, count: columns)
    for row in 0..<rows { for column in 0..<columns { center[column] += self[row, column] / Double(rows) } }
    var largest = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        self[row, column] -= center[column]
        largest = max(largest, self[row, column].magnitude)
      }
    }
    // Divided before they are squared, so that no square overflows or vanishes.
    guard largest > 0 else { return (center, 1) }
    let squares = values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }
    let scale = largest * (squares / Double(values.count)).squareRoot()
    for index in values.indices { values[index] /= scale }
    return (center, scale)
  }
}

/// What is minimised, at a point: the weights, then the intercept.
private struct Problem {
  let samples: Matrix
  /// 1 of the positives, −1 of the others.
  let signs: [Double]
  let ridge: Double
  private(set) var point: [Double]
  /// w·u + b of each sample, and the value to minimise.
  private var odds: [Double]
  private var value: Double

  struct Step {
    var direction: [Double]
    /// The derivative of the value along it, at most 0.
    var slope: Double
  }

  init(samples: Matrix, signs: [Double], ridge: Double) {
    self.samples = samples
    self.signs = signs
    self.ridge = ridge
    point = [Double](repeating: 0, count: samples.columns + 1)
    odds = signs.map { _ in 0 }
    value = Double(signs.count) * log(2)
  }

  /// Newton's step.
  func step() throws(LinearAlgebraError) -> Step {
    let width = samples.columns
    var gradient = point.map { $0 * ridge }
    gradient[width] = 0
    // The rows of samples with a 1 after, times the root of p (1 − p): their products are the Hessian.
    var rows = Matrix(zeros: samples.rows, width + 1)
    for row in 0..<samples.rows {
      let error = signs[row] / (1 + exp(signs[row] * odds[row]))
      let root = 1 / (2 * cosh(odds[row] / 2))
      for column in 0..<width {
        gradient[column] -= error * samples[row, column]
        rows[row, column] = root * samples[row, column]
      }
      gradient[width] -= error
      rows[row, width] = root
    }
    var hessian = rows.columnProducts
    for column in 0..<width { hessian[column, column] += ridge }
    // Where every sample is told for sure, nothing else holds the intercept.
    hessian[width, width] += 1e-12 * Double(samples.rows)
    let direction = try Cholesky(hessian).solve(Matrix(rows: 1, columns: width + 1, gradient)).values.map {
      -$0
    }
    return Step(direction: direction, slope: zip(direction, gradient).reduce(0) { $0 + $1.0 * $1.1 })
  }

  /// Goes along a step as far as the value falls; returns whether it does.
  mutating func move(along step: Step) -> Bool {
    let width = samples.columns
    let change = (0..<samples.rows).map { row in
      (0..<width).reduce(step.direction[width]) { $0 + samples[row, $1] * step.direction[$1] }
    }
    var length = 1.0
    for _ in 0..<60 {
      let newPoint = zip(point, step.direction).map { $0 + length * $1 }
      let newOdds = zip(odds, change).map { $0 + length * $1 }
      let newValue = Self.value(newPoint, newOdds, signs, ridge)
      if newValue <= value + 1e-4 * length * step.slope, newValue < value {
        (point, odds, value) = (newPoint, newOdds, newValue)
        return true
      }
      length /= 2
    }
    return false
  }

  private static func value(_ point: [Double], _ odds: [Double], _ signs: [Double], _ ridge: Double) -> Double
  {
    let squares = point.dropLast().reduce(0) { $0 + $1 * $1 }
    return zip(odds, signs).reduce(ridge / 2 * squares) { sum, pair in
      let margin = pair.0 * pair.1
      return sum + max(0, -margin) + log1p(exp(-margin.magnitude))
    }
  }
}
