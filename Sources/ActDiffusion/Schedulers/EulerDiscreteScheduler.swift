import ActFormats
import Glibc

/// Euler's method on the noise of training (Karras and others 2022, algorithm 2 without churn).
struct EulerDiscreteScheduler: Scheduler {
  static let name = "EulerDiscreteScheduler"

  private enum Interpolation: String, CaseIterable { case linear, logLinear = "log_linear" }
  private enum Time: String, CaseIterable { case discrete, continuous }

  private let schedule: NoiseSchedule
  private let timesteps: Timesteps
  private let prediction: Prediction
  private let interpolation: Interpolation
  private let sigmaSpacing: SigmaSpacing?
  private let smallest, largest: Double?
  private let final: FinalSigma
  private let time: Time

  init(_ c: SchedulerConfiguration) throws(FileError) {
    schedule = try NoiseSchedule(c, zeroSignal: .finite)
    timesteps = try Timesteps(c, default: .linspace)
    prediction = try c.choice("prediction_type", default: .epsilon)
    interpolation = try c.choice("interpolation_type", default: .linear)
    sigmaSpacing = try SigmaSpacing.reading(c)
    smallest = try c.optionalNumber("sigma_min", in: 1e-6...1e6)
    largest = try c.optionalNumber("sigma_max", in: 1e-6...1e6)
    final = try c.choice("final_sigmas_type", default: .zero)
    time = try c.choice("timestep_type", default: .discrete)
  }

  var steps: ClosedRange<Int> { 1...schedule.count }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    let trained = schedule.sigmas
    var times = timesteps.of(schedule.count, steps: options.steps, rounded: false)
    var sigmas = times.map { trained.interpolated(at: $0) }
    if interpolation == .logLinear {
      // One more than there are steps: the last step ends at the smallest sigma.
      let ends = (logf(Float(trained[trained.count - 1])), logf(Float(trained[0])))
      sigmas = linspace(ends.0, ends.1, options.steps + 1).map { Double(expf($0)) }
    }
    if let sigmaSpacing {
      sigmas = sigmaSpacing.sigmas(
        from: largest ?? sigmas[0], to: smallest ?? sigmas[sigmas.count - 1], options.steps)
      let inverse = SigmaTimes(trained)
      times = sigmas.map { inverse.time(of: $0) }
    }
    sigmas = (sigmas + [final == .zero ? 0 : trained[0]]).map(\.single)
    if time == .continuous, prediction == .velocity {
      times = sigmas.prefix(times.count).map { 0.25 * log($0) }
    }
    return Run(
      timesteps: times.map(\.single), initialScale: timesteps.initialScale(sigmas), sigmas: sigmas,
      prediction: prediction)
  }

  private struct Run: SigmaRun {
    let timesteps: [Double]
    let initialScale: Double
    let sigmas: [Double]
    let prediction: Prediction

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      prediction.euler(output, sample, from: sigmas[call], to: sigmas[call + 1])
    }
  }
}

/// A run whose samples have, for one of image, a sigma of noise at each call and after the last.
protocol SigmaRun: SchedulerRun {
  var sigmas: [Double] { get }
}

extension SigmaRun {
  func inputScale(at call: Int) -> Double { 1 / (sigmas[call] * sigmas[call] + 1).squareRoot() }
}

extension Timesteps {
  /// What normal noise is multiplied by where a run begins at the highest of these sigmas.
  func initialScale(_ sigmas: [Double]) -> Double {
    let highest = sigmas.max() ?? 0
    return spacing == .leading ? (highest * highest + 1).squareRoot() : highest
  }
}

/// `final_sigmas_type`: where a run ends.
enum FinalSigma: String, CaseIterable, Sendable {
  case zero
  /// The smallest sigma of training.
  case smallest = "sigma_min"
}

extension Prediction {
  /// A sample with sigma of noise for one of image, moved along the line from the predicted image to another sigma.
  func euler(_ output: [Float], _ sample: [Float], from sigma: Double, to next: Double) -> [Float] {
    // The model saw the sample multiplied by alpha.
    let alpha = 1 / (sigma * sigma + 1).squareRoot()
    let image = image(alpha: alpha, sigma: sigma * alpha)
    let ratio = next / sigma
    return sum((ratio + (1 - ratio) * image.sample * alpha, sample), ((1 - ratio) * image.output, output))
  }
}
