import Glibc

/// One step of DPM-Solver as a sum: what the sample, the predictions and the noise are multiplied by.
struct DPMSolver: Sendable {
  /// What is solved: for the image or the noise that is predicted, without new noise or with it.
  enum Algorithm: String, CaseIterable, Sendable {
    case ode = "dpmsolver++"
    case sde = "sde-dpmsolver++"
    case odeOfNoise = "dpmsolver"
    case sdeOfNoise = "sde-dpmsolver"
    /// That of another class, which counts as DPM-Solver++, as in diffusers.
    case deis

    var predictsImage: Bool { self == .ode || self == .sde || self == .deis }
    var drawsNoise: Bool { self == .sde || self == .sdeOfNoise }
  }

  /// A sample is `alpha` of the image and `sigma` of noise.
  struct Point: Sendable {
    var alpha, sigma: Double
    /// Half the logarithm of signal over noise.
    var lambda: Double { log(alpha) - log(sigma) }
  }

  /// A prediction, as so much of the sample and so much of the output, at a point.
  struct Weights: Sendable {
    var wanted: (sample: Double, output: Double)
    var point: Point
  }

  /// What the terms of a step are multiplied by.
  struct Step {
    var sample, current: Double
    var previous = 0.0
    var noise = 0.0
  }

  var algorithm: Algorithm
  /// Whether the second order is that of a midpoint, else that of Heun's method.
  var midpoint: Bool

  /// The step between two points; of second order where the point `before` them is given.
  func step(from start: Point, to end: Point, before: Point?) -> Step {
    let h = end.lambda - start.lambda
    var step: Step
    // What the difference of two predictions is multiplied by.
    let slope: Double
    switch algorithm {
    case .ode, .deis:
      let decay = expm1(-h)
      step = Step(sample: end.sigma / start.sigma, current: -end.alpha * decay)
      slope = midpoint ? -0.5 * end.alpha * decay : end.alpha * (decay / h + 1)
    case .sde:
      let decay = -expm1(-2 * h)
      step = Step(sample: end.sigma / start.sigma * exp(-h), current: end.alpha * decay)
      slope = midpoint ? 0.5 * end.alpha * decay : end.alpha * (decay / (-2 * h) + 1)
      step.noise = end.sigma * decay.squareRoot()
    case .odeOfNoise:
      let growth = expm1(h)
      step = Step(sample: end.alpha / start.alpha, current: -end.sigma * growth)
      slope = midpoint ? -0.5 * end.sigma * growth : -end.sigma * (growth / h - 1)
    case .sdeOfNoise:
      let growth = expm1(h)
      step = Step(sample: end.alpha / start.alpha, current: -2 * end.sigma * growth)
      slope = midpoint ? -end.sigma * growth : -2 * end.sigma * (growth / h - 1)
      step.noise = end.sigma * expm1(2 * h).squareRoot()
    }
    if let before {
      let ratio = (start.lambda - before.lambda) / h
      step.current += slope / ratio
      step.previous = -slope / ratio
    }
    return step
  }
}
