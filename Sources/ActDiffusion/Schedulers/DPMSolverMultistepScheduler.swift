import ActFormats
import Glibc

/// DPM-Solver and DPM-Solver++ of first and second order, as differential equations without noise or with it (Lu and
/// others 2022, arXiv 2206.00927 and 2211.01095).
struct DPMSolverMultistepScheduler: Scheduler {
  static let name = "DPMSolverMultistepScheduler"

  private enum Prediction: String, CaseIterable {
    case epsilon, sample
    case velocity = "v_prediction"
    /// Noise less image, of flow matching.
    case flow = "flow_prediction"
  }

  private enum Times: Sendable {
    case trained
    case spaced(SigmaSpacing)
    /// Equal steps of log σ of another kind (Lu's lambdas).
    case lambdas
    /// Those of flow matching, shifted.
    case flow(shift: Double, dynamic: DynamicShift?)
  }

  private let schedule: NoiseSchedule
  private let timesteps: Timesteps
  private let prediction: Prediction
  private let solver: DPMSolver
  private let bounds: ImageBounds
  private let order: Int
  private let lowersOrder, endsWithEuler: Bool
  private let final: FinalSigma
  private let times: Times
  /// Whether times between those of training stay between, rather than being rounded.
  private let keepsFractions: Bool
  private let smallestLambda: Double

  init(_ c: SchedulerConfiguration) throws(FileError) {
    schedule = try NoiseSchedule(c, zeroSignal: .finite)
    timesteps = try Timesteps(c, default: .linspace)
    prediction = try c.choice("prediction_type", default: .epsilon)
    bounds = try ImageBounds(c, clips: nil)
    order = try c.count("solver_order", in: 1...3, default: 2)
    guard order < 3 else {
      throw FileError.unsupported(
        c.path, "solver_order", "order 3 is not supported", next: "set it to 2, or give another scheduler")
    }
    solver = DPMSolver(
      algorithm: try c.choice("algorithm_type", default: .ode), midpoint: try Self.isMidpoint(c))
    lowersOrder = try c.flag("lower_order_final", default: true)
    endsWithEuler = try c.flag("euler_at_final", default: false)
    final = try c.choice("final_sigmas_type", default: .zero)
    guard solver.algorithm == .ode || solver.algorithm == .sde || final == .smallest else {
      throw FileError(
        c.path, "final_sigmas_type", "expected `sigma_min` with `\(solver.algorithm.rawValue)`, found `zero`")
    }
    keepsFractions = try c.choice("beta_schedule", default: BetaName.linear) == .cosine
    smallestLambda = try c.number(
      "lambda_min_clipped", in: -Double.infinity...1e6, default: -Double.infinity)
    try c.refuse("variance_type", "a model that learns its variance is not supported")

    let spacing = try SigmaSpacing.reading(c)
    let dynamic = try c.flag("use_dynamic_shifting", default: false)
    let shift = try c.number("flow_shift", in: 1e-3...1e3, default: 1)
    let dynamicShift = try DynamicShift(c)
    if let spacing {
      times = .spaced(spacing)
    } else if try c.flag("use_lu_lambdas", default: false) {
      times = .lambdas
    } else if try c.flag("use_flow_sigmas", default: false) {
      times = .flow(shift: shift, dynamic: dynamic ? dynamicShift : nil)
    } else {
      times = .trained
    }
    // Read where another switch comes before them, too.
    _ = try (c.flag("use_lu_lambdas", default: false), c.flag("use_flow_sigmas", default: false))
    guard prediction != .flow || solver.algorithm.predictsImage else {
      throw FileError(
        c.path, "prediction_type", "`flow_prediction` goes with dpmsolver++ and sde-dpmsolver++")
    }
  }

  private enum BetaName: String, CaseIterable {
    case linear, scaled = "scaled_linear", cosine = "squaredcos_cap_v2"
  }

  /// The solver types of other classes count as midpoint, as in diffusers.
  private static func isMidpoint(_ c: SchedulerConfiguration) throws(FileError) -> Bool {
    enum Kind: String, CaseIterable { case midpoint, heun, logrho, bh1, bh2 }
    return try c.choice("solver_type", default: Kind.midpoint) != .heun
  }

  var steps: ClosedRange<Int> { 1...schedule.count }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    let trained = schedule.sigmas
    var visited = trainedTimes(steps: options.steps)
    guard !visited.isEmpty else {
      throw SchedulerError("\(Self.name) has no time left above its lambda_min_clipped")
    }
    var sigmas: [Double]
    switch times {
    case .trained: sigmas = visited.map { trained.interpolated(at: $0) }
    case .spaced(let spacing):
      sigmas = spacing.sigmas(from: trained[trained.count - 1], to: trained[0], options.steps)
      visited = times(of: sigmas, trained, rounded: spacing == .karras)
    case .lambdas:
      let ends = (logf(Float(trained[trained.count - 1])), logf(Float(trained[0])))
      sigmas = linspace(0, 1, options.steps).map {
        exp(Double(ends.0) + $0 * (Double(ends.1) - Double(ends.0)))
      }
      visited = times(of: sigmas, trained, rounded: true)
    case .flow(let fixed, let dynamic):
      let shift = try dynamic?.factor(rows: options.imageRows) ?? fixed
      let levels = linspace(1, 1 / Double(schedule.count), options.steps + 1).map { 1 - $0 }
      sigmas = levels.dropFirst().reversed().map { shift * $0 / (1 + (shift - 1) * $0) }
      visited = sigmas.map { $0 * Double(schedule.count) }
    }
    sigmas = (sigmas + [final == .zero ? 0 : trained[0]]).map(\.single)
    guard order == 1 || zip(sigmas, sigmas.dropFirst()).allSatisfy(>) else {
      throw SchedulerError(
        "\(Self.name) at \(options.steps) steps would visit a time twice: give fewer steps")
    }
    return Run(
      timesteps: visited.map { $0.rounded(.towardZero) }, steps: sigmas.map(solverPoint),
      imageWeights: sigmas.map(imageWeights), solver: solver, bounds: bounds,
      orders: orders(count: visited.count))
  }

  private func trainedTimes(steps: Int) -> [Double] {
    // Times of less signal than the smallest lambda, log of signal over noise, are left out.
    let lambdas = schedule.sigmas.map { -log($0) }
    let last = lambdas.lastIndex { $0 >= smallestLambda }.map { $0 + 1 } ?? 0
    guard last > 0 else { return [] }
    let count = Double(schedule.count)
    return switch timesteps.spacing {
    case .linspace:
      linspace(0, Double(last - 1), steps + 1).map(\.roundedToEven).reversed().dropLast()
    case .leading:
      (1...steps).reversed().map { Double($0 * (last / (steps + 1)) + timesteps.offset) }
    case .trailing:
      descending(from: Double(last), by: count / Double(steps), atMost: steps).map { $0.roundedToEven - 1 }
    }
  }

  private func times(of sigmas: [Double], _ trained: [Double], rounded: Bool) -> [Double] {
    let inverse = SigmaTimes(trained)
    let times = sigmas.map { inverse.time(of: $0) }
    return rounded && !keepsFractions ? times.map(\.roundedToEven) : times
  }

  /// How much of image and of noise a sample has at a sigma.
  private func solverPoint(_ sigma: Double) -> DPMSolver.Point {
    if case .flow = times { return .init(alpha: 1 - sigma, sigma: sigma) }
    let alpha = 1 / (sigma * sigma + 1).squareRoot()
    return .init(alpha: alpha, sigma: sigma * alpha)
  }

  /// What the solver works on, image or noise, and the image, as so much of the sample and so much of the output.
  private func imageWeights(_ sigma: Double) -> DPMSolver.Weights {
    let point = solverPoint(sigma)
    let ordinary: ActDiffusion.Prediction
    switch prediction {
    case .flow: return .init(wanted: (1, -sigma), point: point)
    case .epsilon: ordinary = .epsilon
    case .sample: ordinary = .sample
    case .velocity: ordinary = .velocity
    }
    let wanted =
      solver.algorithm.predictsImage
      ? ordinary.image(alpha: point.alpha, sigma: point.sigma)
      : ordinary.noise(alpha: point.alpha, sigma: point.sigma)
    return .init(wanted: wanted, point: point)
  }

  /// The order of each step: the first has one output only, and few steps end with the first order.
  private func orders(count: Int) -> [Int] {
    (0..<count).map { index in
      let endsLow = endsWithEuler || (lowersOrder && count < 15) || final == .zero
      return index == 0 || (index == count - 1 && endsLow) ? 1 : order
    }
  }

  private struct Run: SchedulerRun {
    let timesteps: [Double]
    let steps: [DPMSolver.Point]
    let imageWeights: [DPMSolver.Weights]
    let solver: DPMSolver
    let bounds: ImageBounds
    let orders: [Int]
    private var previous: [Float] = []

    init(
      timesteps: [Double], steps: [DPMSolver.Point], imageWeights: [DPMSolver.Weights], solver: DPMSolver,
      bounds: ImageBounds, orders: [Int]
    ) {
      self.timesteps = timesteps
      self.steps = steps
      self.imageWeights = imageWeights
      self.solver = solver
      self.bounds = bounds
      self.orders = orders
    }

    var initialScale: Double { 1 }

    func takesNoise(at call: Int) -> Bool { solver.algorithm.drawsNoise && steps[call + 1].sigma > 0 }

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      let weights = imageWeights[call]
      var prediction = sum((weights.wanted.sample, sample), (weights.wanted.output, output))
      if case .none = bounds {
      } else if solver.algorithm.predictsImage {
        prediction = bounds.applied(to: prediction)
      } else {
        let (alpha, sigma) = (weights.point.alpha, weights.point.sigma)
        let image = bounds.applied(to: sum((1 / alpha, sample), (-sigma / alpha, prediction)))
        prediction = sum((1 / sigma, sample), (-alpha / sigma, image))
      }
      defer { previous = prediction }
      let before = orders[call] == 2 ? steps[call - 1] : nil
      let step = solver.step(from: steps[call], to: steps[call + 1], before: before)
      return sum(
        (step.sample, sample), (step.current, prediction), (step.previous, previous), (step.noise, noise))
    }
  }
}
