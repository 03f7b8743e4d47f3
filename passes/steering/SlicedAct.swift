import ActIR
import ActStatistics

/// Sliced Wasserstein transport (Pitié and others, CVIU 107, 2007; Bonneel and others, JMIV 51, 2015): one-dimensional
/// transports along directions, step after step.
///
/// A step moves the source by `x + Σ_k v_k (T_k(v_k·x) − v_k·x)`, v_k orthonormal: the axes, or random ones. T_k is the
/// optimal transport between both sides' values along v_k, linear as in ``linearAct``, or a rising piecewise-linear table.
/// T is the composition of all steps. Linear steps are one affine map: diagonal along the axes, else of low rank or
/// dense. Along the axes one linear step is ``linearAct``.
///
/// The first step is always taken. Each further one is kept while it lowers a held distance by at least 1/10,000 of
/// itself: the mean squared 2-Wasserstein distance between the sides along 64 random directions that are drawn before all
/// others and that no step moves along; where steps move along the axes alone, along these.
package let slicedAct = SteeringMethod(
  "sliced-act", version: "1",
  summary: "transports along axes and random directions, step after step (sliced Wasserstein)",
  transport: denseTransport(name),
  options: [directions, count, steps, map, knots, seed],
  fitSamples: { source, target, settings in
    var slicing = try Slicing(source, target, settings)
    try slicing.run()
    return SiteFit(
      parameters: try slicing.parameters(form(settings)), meanShiftChannels: slicing.meanShiftChannels)
  }
).transporting { settings in
  switch form(settings) {
  case .diagonal: affineTransport(name)
  case .lowRank: lowRankTransport(name)
  case .dense: denseTransport(name)
  case .tables: tableTransport(name, alongAxes: (0..<settings[steps]).map { isAlongAxes($0, settings) })
  }
}

private let name = "sliced_act"

private enum Directions: String, CaseIterable { case axes, random, both }
private enum LineKind: String, CaseIterable { case linear, table }

private let directions = MethodOption(
  "directions", default: Directions.both,
  "What a step moves along: the axes, which are the channels, random directions, or both by turns.")
private let count = MethodOption(
  "count", default: 0, in: 0...4096,
  "How many random directions a step has; 0: as many as there are channels.")
private let steps = MethodOption("steps", default: 8, in: 1...64, "The most steps.")
private let map = MethodOption(
  "map", default: LineKind.linear, "The transport along a direction: linear, or a table of paired quantiles.")
private let knots = MethodOption("knots", default: 16, in: 2...256, "The entries of a table.")
private let seed = MethodOption(
  "seed", default: 0, in: 0...Int.max, "What the random directions follow from.")

/// What the composition of all steps is, whatever the data.
private enum Form { case diagonal, lowRank, dense, tables }

private func form(_ settings: MethodSettings) -> Form {
  switch (settings[map], settings[directions]) {
  case (.table, _): .tables
  case (.linear, .axes): .diagonal
  case (.linear, .random) where settings[count] > 0: .lowRank
  case (.linear, _): .dense
  }
}

private func isAlongAxes(_ step: Int, _ settings: MethodSettings) -> Bool {
  switch settings[directions] {
  case .axes: true
  case .random: false
  case .both: step.isMultiple(of: 2)
  }
}

/// The source on its way to the target.
private struct Slicing {
  private let settings: MethodSettings
  private let sourceMean: [Double]
  private let target: Matrix
  private var moved: Matrix
  private var random: RandomDirections
  private var held: HeldDistance
  private var taken: [SlicedStep] = []
  /// How many channels had no spread to scale by in the first step along the axes; nil where there is none.
  private(set) var meanShiftChannels: Int?

  init(_ source: Matrix, _ target: Matrix, _ settings: MethodSettings) throws {
    self.settings = settings
    self.target = target
    moved = source
    sourceMean = source.columnMeans
    random = RandomDirections(seed: settings[seed])
    held = try HeldDistance(
      to: target, along: settings[directions] == .axes ? nil : random.next(64, width: source.columns))
  }

  mutating func run() throws {
    var distance = held(moved)
    for index in 0..<settings[steps] {
      let step = try step(index)
      let next = step.applied(to: moved)
      let nextDistance = held(next)
      guard index == 0 || nextDistance < distance * (1 - 1e-4) else { break }
      moved = next
      distance = nextDistance
      taken.append(step)
    }
  }

  private mutating func step(_ index: Int) throws -> SlicedStep {
    let width = moved.columns
    let drawn =
      try isAlongAxes(index, settings)
      ? nil : random.next(settings[count] == 0 ? width : settings[count], width: width)
    let (from, to) = (moved.projected(drawn), target.projected(drawn))
    let lines = (0..<from.columns).map { direction in
      switch settings[map] {
      case .linear: LineMap(linear: from.column(direction), to.column(direction))
      case .table: LineMap(table: from.column(direction), to.column(direction), knots: settings[knots])
      }
    }
    if drawn == nil, meanShiftChannels == nil { meanShiftChannels = lines.count { !$0.hasSpread } }
    return SlicedStep(directions: drawn, lines: lines)
  }

  func parameters(_ form: Form) throws -> [String: MapParameter] {
    let image = taken.reduce(sourceMean) { $1.applied(to: Matrix(rows: 1, columns: $0.count, $0)).values }
    let means = [
      "source_mean": MapParameter(sourceMean.map { Float($0) }),
      "target_mean": MapParameter(image.map { Float($0) }),
    ]
    switch form {
    case .diagonal:
      var slope = [Double](repeating: 1, count: sourceMean.count)
      for step in taken { for channel in slope.indices { slope[channel] *= step.lines[channel].slope } }
      return means.merging(["slope": MapParameter(slope.map { Float($0) })]) { $1 }
    case .dense:
      var a = Matrix(identity: sourceMean.count)
      for step in taken { step.compose(onto: &a) }
      return means.merging(["A": MapParameter(a)]) { $1 }
    case .lowRank:
      let (u, v) = lowRank()
      return lowRankParameters(u: u, v: v, center: sourceMean, shift: zip(sourceMean, image).map { $1 - $0 })
    case .tables:
      var parameters: [String: MapParameter] = [:]
      for index in 0..<settings[steps] {
        let step =
          index < taken.count
          ? taken[index] : SlicedStep(stillOf: sourceMean.count, alongAxes: isAlongAxes(index, settings))
        parameters.merge(step.tables(number: index + 1, knots: settings[knots])) { $1 }
      }
      return parameters
    }
  }

  /// `T(x) − T(m)` less `x − m`, as the product of `U: [D,R]` and `V: [R,D]`, R at most D.
  private func lowRank() -> (u: Matrix, v: Matrix) {
    var u: Matrix?
    var v: Matrix?
    for step in taken {
      let directions = step.directions!
      let scaled = step.scaledDirections.transposed
      guard let before = u, let through = v else {
        (u, v) = (scaled, directions)
        continue
      }
      // Along the new directions lies what the steps so far have made of x.
      var now = directions.product(before).product(through)
      now.add(directions)
      v = Matrix(rows: through.rows + now.rows, columns: now.columns, through.values + now.values)
      u =
        Matrix(
          rows: before.columns + scaled.columns, columns: now.columns,
          before.transposed.values + scaled.transposed.values
        ).transposed
    }
    let (left, right) = (u!, v!)
    return right.rows < right.columns ? (left, right) : (left.product(right), Matrix(identity: right.columns))
  }
}

/// The mean squared 2-Wasserstein distance to a target along fixed directions.
private struct HeldDistance {
  /// nil: the axes.
  private let directions: Matrix?
  private let sorted: [[Double]]

  init(to target: Matrix, along directions: Matrix?) {
    self.directions = directions
    let values = target.projected(directions)
    sorted = (0..<values.columns).map { values.column($0).sorted() }
  }

  func callAsFunction(_ samples: Matrix) -> Double {
    let values = samples.projected(directions)
    let squares = sorted.indices.map { squaredWasserstein(values.column($0).sorted(), sorted[$0]) }
    return mean(squares)
  }
}
