import ActIR
import ActStatistics

/// A step of a sliced transport: `x + Σ_k v_k (T_k(v_k·x) − v_k·x)`.
struct SlicedStep {
  /// Orthonormal, a direction a row; nil: the axes.
  var directions: Matrix?
  /// The T_k.
  var lines: [LineMap]

  /// Where samples go, a row each.
  func applied(to samples: Matrix) -> Matrix {
    var change = samples.projected(directions)
    for row in 0..<change.rows {
      for column in 0..<change.columns {
        let value = change[row, column]
        change[row, column] = lines[column](value) - (directions == nil ? 0 : value)
      }
    }
    guard let directions else { return change }
    change = change.product(directions)
    change.add(samples)
    return change
  }

  /// The directions of a linear step, each times its slope less 1.
  var scaledDirections: Matrix {
    (directions ?? Matrix(identity: lines.count)).scalingRows(by: lines.map { $0.slope - 1 })
  }

  /// Puts the linear part of a linear step after that of those before it: `a ← a + Vᵀ diag(slope − 1) V a`.
  func compose(onto a: inout Matrix) {
    guard let directions else {
      a = a.scalingRows(by: lines.map(\.slope))
      return
    }
    a.add(scaledDirections.transposedProduct(directions.product(a)))
  }
}

/// A rising map of the values along one direction.
struct LineMap {
  /// What the values vary by and where their mean goes; of a table it is not used.
  private(set) var slope = 1.0
  private var from = 0.0
  private var to = 0.0
  /// Rising, and what is added to a value there; none where the map is linear.
  private(set) var knots: [Double] = []
  private(set) var shifts: [Double] = []
  /// Whether the source varies enough to scale by; else the map is the shift of the means.
  let hasSpread: Bool

  /// The affine map of ``linearAct``.
  init(linear source: [Double], _ target: [Double]) {
    hasSpread = populationVariance(source) > varianceFloor
    (from, to) = (mean(source), mean(target))
    guard hasSpread else { return }
    slope = Self.withSorted(source, target) { quantileSlope($0, $1) }
  }

  /// Paired quantiles at the levels (j + ½) / count, interpolated linearly, and beyond them the shift of the last.
  ///
  /// Where several quantiles of the source are one float, theirs is the mean of the target's.
  init(table source: [Double], _ target: [Double], knots count: Int) {
    hasSpread = populationVariance(source) > varianceFloor
    guard hasSpread else {
      (knots, shifts) = ([mean(source)], [mean(target) - mean(source)])
      return
    }
    let pairs = Self.withSorted(source, target) { source, target in
      (0..<count).map { (quantile(source, $0, of: count), quantile(target, $0, of: count)) }
    }
    var start = 0
    while start < count {
      let end = pairs[start...].firstIndex { Float($0.0) != Float(pairs[start].0) } ?? count
      let place = mean(pairs[start..<end].map(\.0))
      knots.append(place)
      shifts.append(mean(pairs[start..<end].map(\.1)) - place)
      start = end
    }
  }

  /// The map that leaves values where they are.
  static let still = LineMap(table: [0], [0], knots: 1)

  /// Where a value goes.
  func callAsFunction(_ value: Double) -> Double {
    guard !knots.isEmpty else { return to + slope * (value - from) }
    guard let above = knots.firstIndex(where: { $0 > value }) else { return value + shifts.last! }
    guard above > 0 else { return value + shifts[0] }
    let share = (value - knots[above - 1]) / (knots[above] - knots[above - 1])
    return value + shifts[above - 1] + share * (shifts[above] - shifts[above - 1])
  }

  private static func withSorted<Result>(
    _ source: [Double], _ target: [Double],
    _ body: (UnsafeMutableBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Result
  ) -> Result {
    var (source, target) = (source.sorted(), target.sorted())
    return source.withUnsafeMutableBufferPointer { source in
      let source = source
      return target.withUnsafeMutableBufferPointer { body(source, $0) }
    }
  }
}

extension Matrix {
  /// The values of samples along directions, a direction a column; nil: the axes.
  func projected(_ directions: Matrix?) -> Matrix { directions.map { product(transposed: $0) } ?? self }
}
