import ActFormats

/// Pseudo linear multistep sampling (Liu and others 2022, equations 9, 12 and 13), with Runge-Kutta steps before it or
/// without.
struct PNDMScheduler: Scheduler {
  static let name = "PNDMScheduler"

  private let schedule: NoiseSchedule
  private let timesteps: Timesteps
  private let prediction: Prediction
  private let endsWithoutNoise, skipsRungeKutta: Bool

  init(_ c: SchedulerConfiguration) throws(FileError) {
    schedule = try NoiseSchedule(c, zeroSignal: .ignored)
    timesteps = try Timesteps(c, default: .leading)
    prediction = try c.choice("prediction_type", default: .epsilon)
    guard prediction != .sample else {
      throw FileError.unsupported(
        c.path, "prediction_type", "`sample` is not supported with \(Self.name)",
        next: "give another scheduler by --scheduler")
    }
    endsWithoutNoise = try c.flag("set_alpha_to_one", default: false)
    skipsRungeKutta = try c.flag("skip_prk_steps", default: false)
  }

  /// The first three steps of four are Runge-Kutta's.
  var steps: ClosedRange<Int> { (skipsRungeKutta ? 1 : min(4, schedule.count))...schedule.count }

  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    let ratio = schedule.count / options.steps
    let times = timesteps.of(schedule.count, steps: options.steps, rounded: true).map { Int($0) }
    let calls = skipsRungeKutta ? Self.multistep(times, ratio) : Self.rungeKutta(times, ratio)
    let visited = calls.flatMap { [$0.time, $0.from] }.map(Double.init)
    _ = try visited.indices(below: schedule.count, for: Self.name, steps: options.steps)
    let final = endsWithoutNoise ? 1 : schedule.alphaBar[0]
    let levels = calls.map {
      (schedule.alphaBar[$0.from], $0.to >= 0 ? schedule.alphaBar[$0.to] : final)
    }
    return Run(
      timesteps: calls.map { Double($0.time) }, kinds: calls.map(\.kind), levels: levels,
      prediction: prediction)
  }

  /// What a call is for.
  private enum Kind: Sendable {
    /// The first, second, third or fourth evaluation of a Runge-Kutta step.
    case rungeKutta(Int)
    /// A multistep step by the last outputs.
    case multistep
    /// The first step once more, by the mean of its two outputs.
    case again
  }

  private struct Call {
    /// The time that the model is told, and those that the step leads from and to.
    var time, from, to: Int
    var kind: Kind
  }

  private static func multistep(_ times: [Int], _ ratio: Int) -> [Call] {
    // The second time is visited twice.
    let visits = times.count > 1 ? [times[0], times[1]] + times[1...] : times
    return visits.enumerated().map { index, time in
      index == 1
        ? Call(time: time, from: time + ratio, to: time, kind: .again)
        : Call(time: time, from: time, to: time - ratio, kind: .multistep)
    }
  }

  private static func rungeKutta(_ times: [Int], _ ratio: Int) -> [Call] {
    let half = ratio / 2
    // Of times rising: those of the first four, and halfway above each; then all but the outer ones twice.
    let rising = times.prefix(4).reversed().flatMap { [$0, $0 + half] }.dropLast()
    let visits = Array(rising.flatMap { [$0, $0] }.dropFirst().dropLast().reversed())
    let first = visits.enumerated().map { index, time in
      Call(
        time: time, from: visits[index / 4 * 4], to: time - (index.isMultiple(of: 2) ? half : 0),
        kind: .rungeKutta(index % 4))
    }
    return first + times.dropFirst(3).map { Call(time: $0, from: $0, to: $0 - ratio, kind: .multistep) }
  }

  private struct Run: SchedulerRun {
    let timesteps: [Double]
    let kinds: [Kind]
    /// ᾱ before and after each step.
    let levels: [(from: Double, to: Double)]
    let prediction: Prediction
    /// The last outputs, at most four.
    var outputs: [[Float]] = []
    var accumulated: [Float] = []
    var start: [Float] = []

    init(
      timesteps: [Double], kinds: [Kind], levels: [(from: Double, to: Double)], prediction: Prediction
    ) {
      self.timesteps = timesteps
      self.kinds = kinds
      self.levels = levels
      self.prediction = prediction
    }

    var initialScale: Double { 1 }

    mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float] {
      switch kinds[call] {
      case .rungeKutta(0):
        accumulated = sum((1.0 / 6, output))
        outputs.append(output)
        start = sample
        return moved(start, by: output, at: call)
      case .rungeKutta(3):
        return moved(start, by: sum((1, accumulated), (1.0 / 6, output)), at: call)
      case .rungeKutta:
        accumulated = sum((1, accumulated), (1.0 / 3, output))
        return moved(start, by: output, at: call)
      case .again:
        return moved(start, by: sum((0.5, output), (0.5, outputs[outputs.count - 1])), at: call)
      case .multistep:
        outputs = outputs.suffix(3) + [output]
        if outputs.count == 1 { start = sample }
        return moved(sample, by: extrapolated, at: call)
      }
    }

    /// The output that the last ones point to (Adams and Bashforth).
    private var extrapolated: [Float] {
      let o: [[Float]] = outputs.reversed()
      return switch o.count {
      case 1: o[0]
      case 2: sum((1.5, o[0]), (-0.5, o[1]))
      case 3: sum((23.0 / 12, o[0]), (-16.0 / 12, o[1]), (5.0 / 12, o[2]))
      default: sum((55.0 / 24, o[0]), (-59.0 / 24, o[1]), (37.0 / 24, o[2]), (-9.0 / 24, o[3]))
      }
    }

    /// A sample moved by a predicted noise (equation 9).
    private func moved(_ sample: [Float], by output: [Float], at call: Int) -> [Float] {
      let (from, to) = levels[call]
      let noise = prediction.noise(alpha: from.squareRoot(), sigma: (1 - from).squareRoot())
      let divisor = from * (1 - to).squareRoot() + (from * (1 - from) * to).squareRoot()
      let share = -(to - from) / divisor
      return sum(((to / from).squareRoot() + share * noise.sample, sample), (share * noise.output, output))
    }
  }
}
