import ActFormats
import Glibc

/// Euler's method on the straight lines of flow matching, where a sample is σ of noise and 1 − σ of the image (Esser and
/// others 2024).
struct FlowMatchEulerDiscreteScheduler: Scheduler {
  static let name = "FlowMatchEulerDiscreteScheduler"

  private enum Shift: Sendable {
    /// σ moves to sσ / (1 + (s − 1)σ).
    case fixed(Double)
    /// The same with an s that the number of an image's rows decides.
    case dynamic(DynamicShift)
  }

  private let trainedSteps: Int
  private let shift: Shift
  private let terminal: Double?
  private let spacing: SigmaSpacing?
  private let inverts, drawsNoise: Bool

  init(_ c: SchedulerConfiguration) throws(FileError) {
    trainedSteps = try c.count("num_train_timesteps", in: 1...100_000, default: 1000)
    let fixed = try c.number("shift", in: 1e-3...1e3, default: 1)
    let dynamic = try DynamicShift(c)
    shift =
      try c.flag("use_dynamic_shifting", default: false) ? .dynamic(dynamic) : .fixed(fixed)
    // 0 asks for none, as in Python.
    terminal = try c.optionalNumber("shift_terminal", in: 0...0.999).flatMap { $0 == 0 ? nil : $0 }
    spacing = try SigmaSpacing.reading(c)
    inverts = try c.flag("invert_sigmas", default: false)
    drawsNoise = try c.flag("stochastic_sampling", default: false)
  }

  var steps: ClosedRange<Int> { 1...trainedSteps }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    let shifted: (Double) -> Double
    switch shift {
    case .fixed(let shift): shifted = { shift * $0 / (1 + (shift - 1) * $0) }
    case .dynamic(let dynamic):
      let factor = try dynamic.factor(rows: options.imageRows)
      shifted = { factor / (factor + (1 / $0 - 1)) }
    }
    let count = options.steps
    var sigmas: [Double]
    switch options.flowSigmas {
    case .even: sigmas = linspace(1, 1 / Double(count), count).map(\.single)
    case .trained:
      // A fixed shift acts on both ends here, and again below, as it does in diffusers.
      var ends = (1.0, 1 / Double(trainedSteps))
      if case .fixed = shift { ends = (shifted(1).single, shifted(ends.1).single) }
      let trained = Double(trainedSteps)
      sigmas = linspace(ends.0 * trained, ends.1 * trained, count).map { $0 / trained }
    }
    sigmas = sigmas.map(shifted)
    if let terminal {
      let scale = (1 - sigmas[count - 1]) / (1 - terminal)
      guard scale > 0 else {
        throw SchedulerError("shift_terminal takes at least 2 steps, found \(count)")
      }
      sigmas = sigmas.map { 1 - (1 - $0) / scale }
    }
    if let spacing {
      guard sigmas[count - 1] > 0 else { throw SchedulerError("the last sigma of \(count) steps is 0") }
      sigmas = spacing.sigmas(from: sigmas[0], to: sigmas[count - 1], count)
    }
    sigmas = sigmas.map { inverts ? 1 - $0.single : $0.single }
    return Run(
      timesteps: sigmas.map { ($0 * Double(trainedSteps)).single }, sigmas: sigmas + [inverts ? 1 : 0],
      drawsNoise: drawsNoise)
  }

  private struct Run: SchedulerRun {
    let timesteps: [Double]
    let sigmas: [Double]
    let drawsNoise: Bool

    var initialScale: Double { 1 }

    func takesNoise(at call: Int) -> Bool { drawsNoise && sigmas[call + 1] != 0 }

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      let (from, to) = (sigmas[call], sigmas[call + 1])
      guard drawsNoise else { return sum((1, sample), (to - from, output)) }
      return sum((1 - to, sample), ((to - 1) * from, output), (to, noise))
    }
  }
}

/// A shift of sigmas by the number of rows of an image that a model reads: more rows, more steps at much noise.
struct DynamicShift: Sendable {
  private enum Kind: String, CaseIterable { case exponential, linear }

  private let kind: Kind
  private let shifts: (base: Double, largest: Double)
  private let rows: (base: Int, largest: Int)

  init(_ c: SchedulerConfiguration) throws(FileError) {
    kind = try c.choice("time_shift_type", default: .exponential)
    let range = -20.0...20.0
    shifts = (
      try c.number("base_shift", in: range, default: 0.5), try c.number("max_shift", in: range, default: 1.15)
    )
    rows = (
      try c.count("base_image_seq_len", in: SaneRange.size, default: 256),
      try c.count("max_image_seq_len", in: SaneRange.size, default: 4096)
    )
    guard rows.base != rows.largest else {
      throw c.failure("max_image_seq_len", "another number than base_image_seq_len")
    }
  }

  /// What sigmas are shifted by.
  func factor(rows count: Int?) throws(SchedulerError) -> Double {
    guard let count else {
      throw SchedulerError("the sigmas are shifted by the size of the image, which this model does not say")
    }
    let slope = (shifts.largest - shifts.base) / Double(rows.largest - rows.base)
    let shift = Double(count) * slope + shifts.base - slope * Double(rows.base)
    guard kind == .linear else { return exp(shift) }
    guard shift > 0 else {
      throw SchedulerError("an image of \(count) rows has a linear shift of \(shift), which is not above 0")
    }
    return shift
  }
}
