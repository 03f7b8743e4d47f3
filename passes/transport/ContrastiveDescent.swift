import ActStatistics
import Glibc

/// The affine map that ``ContrastiveDescent`` moves.
struct DescentMap {
  enum Linear {
    /// `slope ∘ z`.
    case diagonal(slope: [Double])
    /// `z + U V z`, `U: [D,R]`, `V: [R,D]`.
    case lowRank(u: Matrix, v: Matrix)
  }

  /// Of what is left of a sample without the mean, so that it does not move the mean.
  var linear: Linear
  /// What is added to the mean.
  var shift: [Double]

  /// Where samples go.
  ///
  /// - Parameters:
  ///   - samples: a sample a row.
  ///   - centred: the samples less the mean.
  /// - Returns: as many rows.
  func callAsFunction(_ samples: Matrix, centred: Matrix) -> Matrix {
    var out = samples
    switch linear {
    case .diagonal(let slope):
      for row in 0..<out.rows {
        for channel in slope.indices { out[row, channel] += (slope[channel] - 1) * centred[row, channel] }
      }
    case .lowRank(let u, let v):
      out.add(centred.product(transposed: v).product(transposed: u))
    }
    for row in 0..<out.rows { for channel in shift.indices { out[row, channel] += shift[channel] } }
    return out
  }
}

/// Gradient descent on an affine map of the source's samples; ``contrastiveAct`` says towards what.
struct ContrastiveDescent {
  /// What is minimised: the weights of its terms, and what they are measured by.
  struct Objective {
    var sliced: Double
    var contrast: Double
    var nearness: Double
    var temperature: Double
    /// The random directions of a step.
    var directions: Int
  }

  private(set) var map: DescentMap
  private let source: Matrix
  /// The source's samples less the mean.
  private let centred: Matrix
  private let target: Matrix
  private let objective: Objective
  /// The channels that the map may change.
  private let moves: [Bool]
  /// The samples of the target, then those of the source, each of length 1.
  private let keys: Matrix
  private var random: RandomDirections

  /// From the identity. A map of a rank begins along random directions, since from 0 on both sides it would not move.
  init(
    source: Matrix, mean: [Double], target: Matrix, moving moves: [Bool], rank: Int, objective: Objective,
    seed: Int
  ) throws {
    let width = source.columns
    self.source = source
    var centred = source
    for row in 0..<centred.rows { for channel in 0..<width { centred[row, channel] -= mean[channel] } }
    self.centred = centred
    self.target = target
    self.objective = objective
    self.moves = moves
    random = RandomDirections(seed: seed)
    keys = Matrix(
      rows: target.rows + source.rows, columns: width,
      target.unitRows.matrix.values + source.unitRows.matrix.values)
    map = DescentMap(
      linear: .diagonal(slope: [Double](repeating: 1, count: width)),
      shift: [Double](repeating: 0, count: width))
    if rank > 0 {
      let v = try random.next(rank, width: width)
      map.linear = .lowRank(u: Matrix(zeros: width, v.rows), v: v)
    }
  }

  /// Moves the map; the rate falls from `rate` linearly to 0.
  mutating func run(steps: Int, rate: Double) throws {
    var shift = Adam(count: source.columns)
    var (first, second): (Adam, Adam)
    switch map.linear {
    case .diagonal(let slope): (first, second) = (Adam(count: slope.count), Adam(count: 0))
    case .lowRank(let u, let v):
      (first, second) = (Adam(count: u.values.count), Adam(count: v.values.count))
    }
    for step in 0..<steps {
      let rate = rate * (1 - Double(step) / Double(steps))
      let gradient = try gradient(at: map(source, centred: centred))
      let ones = Matrix(rows: 1, columns: source.rows, [Double](repeating: 1, count: source.rows))
      shift.move(&map.shift, against: ones.product(gradient).values, rate)
      switch map.linear {
      case .diagonal(var slope):
        var sums = [Double](repeating: 0, count: slope.count)
        for row in 0..<source.rows {
          for channel in sums.indices { sums[channel] += gradient[row, channel] * centred[row, channel] }
        }
        first.move(&slope, against: sums, rate)
        map.linear = .diagonal(slope: slope)
      case .lowRank(var u, var v):
        let ofU = gradient.transposedProduct(centred.product(transposed: v))
        let ofV = gradient.product(u).transposedProduct(centred)
        first.move(&u.values, against: ofU.values, rate)
        second.move(&v.values, against: ofV.values, rate)
        map.linear = .lowRank(u: u, v: v)
      }
    }
  }

  /// The gradient of the objective by where the source's samples go, a row each, along the directions of one step.
  private mutating func gradient(at moved: Matrix) throws -> Matrix {
    var total = try slicedGradient(at: moved)
    let contrast = contrastGradient(at: moved)
    let nearness = 2 / Double(moved.values.count)
    for index in total.values.indices {
      guard moves[index % moves.count] else {
        total.values[index] = 0
        continue
      }
      total.values[index] =
        objective.sliced * total.values[index] + objective.contrast * contrast.values[index]
        + objective.nearness * nearness * (moved.values[index] - source.values[index])
    }
    return total
  }

  private mutating func slicedGradient(at moved: Matrix) throws -> Matrix {
    let directions = try random.next(objective.directions, width: moved.columns)
    var along = moved.projected(directions)
    let wanted = target.projected(directions)
    let weight = 2 / Double(along.values.count)
    for direction in 0..<directions.rows {
      let values = along.column(direction)
      let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
      let means = quantileMeans(wanted.column(direction).sorted(), values.count)
      for (rank, row) in order.enumerated() { along[row, direction] = weight * (values[row] - means[rank]) }
    }
    return along.product(directions)
  }

  private func contrastGradient(at moved: Matrix) -> Matrix {
    let (queries, lengths) = moved.unitRows
    var shares = queries.product(transposed: keys)
    for row in 0..<shares.rows {
      let positives = shares.softmax(row, 0..<target.rows, objective.temperature)
      let negatives = shares.softmax(row, target.rows..<keys.rows, objective.temperature)
      // Q / (P + Q).
      let missing = 1 / (1 + exp(positives - negatives))
      for key in 0..<keys.rows { shares[row, key] *= key < target.rows ? -missing : missing }
    }
    // By the direction of a sample, and from there by the sample itself.
    var gradient = shares.product(keys)
    let weight = 1 / (objective.temperature * Double(moved.rows))
    for row in 0..<gradient.rows {
      var along = 0.0
      for channel in 0..<gradient.columns { along += queries[row, channel] * gradient[row, channel] }
      let factor = lengths[row] > 0 ? weight / lengths[row] : 0
      for channel in 0..<gradient.columns {
        gradient[row, channel] = factor * (gradient[row, channel] - along * queries[row, channel])
      }
    }
    return gradient
  }
}

/// Adam (arXiv 1412.6980, algorithm 1) with the paper's constants.
private struct Adam {
  private var means: [Double]
  private var squares: [Double]
  private var steps = 0.0

  init(count: Int) {
    means = [Double](repeating: 0, count: count)
    squares = means
  }

  mutating func move(_ values: inout [Double], against gradient: [Double], _ rate: Double) {
    steps += 1
    let (meanShare, squareShare) = (1 - pow(0.9, steps), 1 - pow(0.999, steps))
    for index in values.indices {
      means[index] = 0.9 * means[index] + 0.1 * gradient[index]
      squares[index] = 0.999 * squares[index] + 0.001 * gradient[index] * gradient[index]
      let spread = (squares[index] / squareShare).squareRoot()
      values[index] -= rate * means[index] / meanShare / (spread + 1e-8)
    }
  }
}

extension Matrix {
  /// At most `count` rows, spread evenly over all.
  func evenRows(_ count: Int) -> Matrix {
    guard rows > count else { return self }
    let chosen = (0..<count).flatMap { index in
      let row = index * rows / count
      return values[row * columns..<(row + 1) * columns]
    }
    return Matrix(rows: count, columns: columns, chosen)
  }

  /// Each row over its length; one that is as good as 0 has the length 0 and stays 0.
  fileprivate var unitRows: (matrix: Matrix, lengths: [Double]) {
    var out = self
    var lengths = [Double](repeating: 0, count: rows)
    for row in 0..<rows {
      var square = 0.0
      for column in 0..<columns { square += self[row, column] * self[row, column] }
      let length = square.squareRoot()
      lengths[row] = length > 1e-6 ? length : 0
      for column in 0..<columns { out[row, column] = length > 1e-6 ? self[row, column] / length : 0 }
    }
    return (out, lengths)
  }

  /// Puts the softmax of a row's `range`, over a temperature, in its place; returns the logarithm of the mean exponential.
  fileprivate mutating func softmax(_ row: Int, _ range: Range<Int>, _ temperature: Double) -> Double {
    var largest = -Double.infinity
    for column in range { largest = max(largest, self[row, column] / temperature) }
    var sum = 0.0
    for column in range {
      self[row, column] = exp(self[row, column] / temperature - largest)
      sum += self[row, column]
    }
    for column in range { self[row, column] /= sum }
    return largest + log(sum / Double(range.count))
  }
}
