import ActFormats
import Glibc

/// How much of an image is left at each time of training: `alphaBar[t]` of its variance.
///
/// The table is rounded to single precision where diffusers rounds it, since 1 − ᾱ of the first times hangs on that in
/// the fifth digit.
struct NoiseSchedule: Sendable {
  /// ᾱ by time, falling.
  private(set) var alphaBar: [Double]

  private enum Betas: String, CaseIterable {
    case linear, scaledLinear = "scaled_linear", squaredCosine = "squaredcos_cap_v2"
  }

  /// How a class treats `rescale_betas_zero_snr`.
  enum ZeroSignal {
    /// The key is ignored.
    case ignored
    /// The last ᾱ is 0.
    case exact
    /// The last ᾱ is 2⁻²⁴, so that its sigma is finite.
    case finite
  }

  init(
    _ c: SchedulerConfiguration, zeroSignal: ZeroSignal, from start: Double = 0.0001, to end: Double = 0.02,
    schedule: String = "linear"
  ) throws(FileError) {
    let count = try c.count("num_train_timesteps", in: 1...100_000, default: 1000)
    let range = 1e-9...0.9999
    let first = try c.number("beta_start", in: range, default: start)
    let last = try c.number("beta_end", in: range, default: end)
    let kind = try c.choice("beta_schedule", default: Betas(rawValue: schedule)!)
    var betas: [Float]
    if c.has("trained_betas") {
      let trained = try c.numbers("trained_betas", count: count, in: range)
      betas = trained.map(Float.init)
    } else {
      betas =
        switch kind {
        case .linear: linspace(Float(first), Float(last), count)
        case .scaledLinear: linspace(Float(sqrt(first)), Float(sqrt(last)), count).map { $0 * $0 }
        case .squaredCosine: Self.squaredCosine(count)
        }
    }
    let rescales =
      if case .ignored = zeroSignal { false } else { try c.flag("rescale_betas_zero_snr", default: false) }
    if rescales {
      guard count > 1 else { throw c.failure("num_train_timesteps", "at least 2 to rescale") }
      betas = Self.rescaled(betas)
    }
    alphaBar = Self.products(of: betas.map { 1 - $0 }).map(Double.init)
    if rescales, case .finite = zeroSignal { alphaBar[count - 1] = 0x1p-24 }
  }

  var count: Int { alphaBar.count }

  /// σ = √((1 − ᾱ) / ᾱ) by time, rising: how much noise there is for one of signal.
  var sigmas: [Double] {
    alphaBar.map { alpha in
      let ratio = Float(1 - alpha) / Float(alpha)
      return Double(ratio.squareRoot())
    }
  }

  /// The betas of a squared cosine (Nichol and Dhariwal 2021, equation 17), at most 0.999.
  private static func squaredCosine(_ count: Int) -> [Float] {
    func alphaBar(_ t: Double) -> Double {
      let cosine = cos((t + 0.008) / 1.008 * Double.pi / 2)
      return cosine * cosine
    }
    return (0..<count).map { i in
      let (from, to) = (Double(i) / Double(count), Double(i + 1) / Double(count))
      return Float(min(1 - alphaBar(to) / alphaBar(from), 0.999))
    }
  }

  /// Running products, accumulated in double and rounded each.
  private static func products(of values: [Float]) -> [Float] {
    var product = 1.0
    return values.map {
      product *= Double($0)
      return Float(product)
    }
  }

  /// Betas whose last time has no signal (Lin and others 2024, algorithm 1).
  private static func rescaled(_ betas: [Float]) -> [Float] {
    var roots = products(of: betas.map { 1 - $0 }).map { $0.squareRoot() }
    let (first, last) = (roots[0], roots[roots.count - 1])
    let scale = first / (first - last)
    roots = roots.map { ($0 - last) * scale }
    let bars = roots.map { $0 * $0 }
    return bars.indices.map { 1 - ($0 == 0 ? bars[0] : bars[$0] / bars[$0 - 1]) }
  }
}

extension [Double] {
  /// The value at a place between two indices, on the line between its neighbours; beyond the ends, that of the end.
  func interpolated(at place: Double) -> Double {
    guard place > 0 else { return self[0] }
    let low = Int(place)
    guard low < count - 1 else { return self[count - 1] }
    return self[low] + (self[low + 1] - self[low]) * (place - Double(low))
  }
}
