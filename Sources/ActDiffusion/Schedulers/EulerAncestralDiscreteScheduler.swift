import ActFormats

/// Euler's method beyond the next sigma, and noise back to it.
struct EulerAncestralDiscreteScheduler: Scheduler {
  static let name = "EulerAncestralDiscreteScheduler"

  private let schedule: NoiseSchedule
  private let timesteps: Timesteps
  private let prediction: Prediction

  init(_ c: SchedulerConfiguration) throws(FileError) {
    schedule = try NoiseSchedule(c, zeroSignal: .finite)
    timesteps = try Timesteps(c, default: .linspace)
    prediction = try c.choice("prediction_type", default: .epsilon)
    guard prediction != .sample else {
      throw FileError.unsupported(
        c.path, "prediction_type", "`sample` is not supported with \(Self.name)",
        next: "give another scheduler by --scheduler")
    }
  }

  var steps: ClosedRange<Int> { 1...schedule.count }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    let trained = schedule.sigmas
    let times = timesteps.of(schedule.count, steps: options.steps, rounded: false)
    let sigmas = (times.map { trained.interpolated(at: $0) } + [0]).map(\.single)
    return Run(
      timesteps: times.map(\.single), initialScale: timesteps.initialScale(sigmas), sigmas: sigmas,
      prediction: prediction)
  }

  private struct Run: SigmaRun {
    let timesteps: [Double]
    let initialScale: Double
    let sigmas: [Double]
    let prediction: Prediction

    func takesNoise(at call: Int) -> Bool { sigmas[call + 1] > 0 }

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      let (from, to) = (sigmas[call], sigmas[call + 1])
      let up = to * max(from * from - to * to, 0).squareRoot() / from
      let down = max(to * to - up * up, 0).squareRoot()
      let moved = prediction.euler(output, sample, from: from, to: down)
      return takesNoise(at: call) ? sum((1, moved), (up, noise)) : moved
    }
  }
}
