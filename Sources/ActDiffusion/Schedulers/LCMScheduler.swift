import ActFormats

/// Multistep sampling of latent consistency models (Luo and others 2023, algorithm 3).
struct LCMScheduler: Scheduler {
  static let name = "LCMScheduler"

  private let schedule: NoiseSchedule
  private let prediction: Prediction
  private let bounds: ImageBounds
  private let distilledSteps: Int
  private let timeScale: Double

  init(_ c: SchedulerConfiguration) throws(FileError) {
    schedule = try NoiseSchedule(
      c, zeroSignal: .exact, from: 0.00085, to: 0.012, schedule: "scaled_linear")
    prediction = try c.choice("prediction_type", default: .epsilon)
    bounds = try ImageBounds(c, clips: false)
    distilledSteps = try c.count("original_inference_steps", in: 1...schedule.count, default: 50)
    timeScale = try c.number("timestep_scaling", in: 1e-6...1e6, default: 10)
  }

  var steps: ClosedRange<Int> { 1...distilledSteps }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    let stride = schedule.count / distilledSteps
    let distilled = (1...distilledSteps).reversed().map { $0 * stride - 1 }
    let spacing = Double(distilledSteps) / Double(options.steps)
    let times = (0..<options.steps).map { distilled[Int(Double($0) * spacing)] }
    let levels = times.map { schedule.alphaBar[$0] }
    guard prediction != .epsilon || levels.allSatisfy({ $0 > 0 }) else {
      throw SchedulerError(
        "\(Self.name) begins at a time without signal, where a model that predicts noise says nothing: "
          + "rescale_betas_zero_snr goes with v_prediction or sample")
    }
    return Run(
      timesteps: times.map(Double.init), levels: levels, prediction: prediction, bounds: bounds,
      timeScale: timeScale)
  }

  private struct Run: SchedulerRun {
    let timesteps: [Double]
    /// ᾱ at each call.
    let levels: [Double]
    let prediction: Prediction
    let bounds: ImageBounds
    let timeScale: Double

    var initialScale: Double { 1 }

    func takesNoise(at call: Int) -> Bool { call < levels.count - 1 }

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      let (alpha, sigma) = (levels[call].squareRoot(), (1 - levels[call]).squareRoot())
      let weights = prediction.image(alpha: alpha, sigma: sigma)
      let image = bounds.applied(to: sum((weights.sample, sample), (weights.output, output)))
      // The boundary condition: at time 0 the consistency function is the identity, with data of deviation 0.5.
      let (time, deviation) = (timesteps[call] * timeScale, 0.5)
      let square = time * time + deviation * deviation
      let (skip, out) = (deviation * deviation / square, time / square.squareRoot())
      guard takesNoise(at: call) else { return sum((out, image), (skip, sample)) }
      let next = levels[call + 1]
      return sum(
        (next.squareRoot() * out, image), (next.squareRoot() * skip, sample), ((1 - next).squareRoot(), noise)
      )
    }
  }
}
