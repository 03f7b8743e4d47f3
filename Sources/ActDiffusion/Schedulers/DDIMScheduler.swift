import ActFormats

/// Denoising diffusion implicit models (Song, Meng and Ermon 2021, equations 12 and 16).
struct DDIMScheduler: Scheduler {
  static let name = "DDIMScheduler"

  private let schedule: NoiseSchedule
  private let timesteps: Timesteps
  private let prediction: Prediction
  private let bounds: ImageBounds
  private let endsWithoutNoise: Bool

  init(_ c: SchedulerConfiguration) throws(FileError) {
    schedule = try NoiseSchedule(c, zeroSignal: .exact)
    timesteps = try Timesteps(c, default: .leading)
    prediction = try c.choice("prediction_type", default: .epsilon)
    bounds = try ImageBounds(c, clips: true)
    endsWithoutNoise = try c.flag("set_alpha_to_one", default: true)
  }

  var steps: ClosedRange<Int> { 1...schedule.count }
  var takesEta: Bool { true }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    guard (0...1).contains(options.eta) else {
      throw SchedulerError("expected an eta from 0 to 1, found \(options.eta)")
    }
    let times = try timesteps.of(schedule.count, steps: options.steps, rounded: true)
      .indices(below: schedule.count, for: Self.name, steps: options.steps)
    let final = endsWithoutNoise ? 1 : schedule.alphaBar[0]
    let ratio = schedule.count / options.steps
    let levels = times.map { time in
      let next = time - ratio
      return (schedule.alphaBar[time], next >= 0 ? schedule.alphaBar[next] : final)
    }
    guard prediction != .epsilon || levels.allSatisfy({ $0.0 > 0 }) else {
      throw SchedulerError(
        "\(Self.name) begins at a time without signal, where a model that predicts noise says nothing: "
          + "rescale_betas_zero_snr goes with v_prediction or sample")
    }
    return Run(
      timesteps: times.map(Double.init), levels: levels, prediction: prediction, bounds: bounds,
      eta: options.eta)
  }

  private struct Run: SchedulerRun {
    let timesteps: [Double]
    /// ᾱ before and after each step.
    let levels: [(from: Double, to: Double)]
    let prediction: Prediction
    let bounds: ImageBounds
    let eta: Double

    var initialScale: Double { 1 }

    func takesNoise(at call: Int) -> Bool { eta > 0 }

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      let (from, to) = levels[call]
      let (alpha, sigma) = (from.squareRoot(), (1 - from).squareRoot())
      let ofImage = prediction.image(alpha: alpha, sigma: sigma)
      let ofNoise = prediction.noise(alpha: alpha, sigma: sigma)
      let variance = (1 - to) / (1 - from) * (1 - from / to)
      let deviation = eta * max(variance, 0).squareRoot()
      let direction = max(1 - to - deviation * deviation, 0).squareRoot()
      let image = bounds.applied(to: sum((ofImage.sample, sample), (ofImage.output, output)))
      return sum(
        (to.squareRoot(), image), (direction * ofNoise.sample, sample), (direction * ofNoise.output, output),
        (deviation, noise))
    }
  }
}
