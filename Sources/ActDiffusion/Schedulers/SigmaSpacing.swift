import ActFormats
import Glibc

/// How the sigmas of a run lie between the largest and the smallest, where not as the times say.
enum SigmaSpacing: Sendable {
  /// Equal steps of σ^(1/7) (Karras and others 2022, equation 5).
  case karras
  /// Equal steps of log σ.
  case exponential

  /// Reads the switches, of which one may be on.
  static func reading(_ c: SchedulerConfiguration) throws(FileError) -> SigmaSpacing? {
    try c.refuse("use_beta_sigmas", "sigmas by quantiles of a beta distribution are not supported")
    let karras = try c.flag("use_karras_sigmas", default: false)
    let exponential = try c.flag("use_exponential_sigmas", default: false)
    guard !karras || !exponential else {
      throw FileError(c.path, "use_exponential_sigmas", "expected one spacing of sigmas, found Karras's too")
    }
    return karras ? .karras : exponential ? .exponential : nil
  }

  /// So many sigmas, falling.
  func sigmas(from largest: Double, to smallest: Double, _ count: Int) -> [Double] {
    switch self {
    case .karras:
      let (high, low) = (pow(largest, 1 / 7), pow(smallest, 1 / 7))
      return linspace(0, 1, count).map { pow(high + $0 * (low - high), 7) }
    case .exponential:
      return linspace(log(largest), log(smallest), count).map(exp)
    }
  }
}

/// Finds the time at which training has a sigma.
struct SigmaTimes {
  private let logarithms: [Double]

  /// - Parameter sigmas: by time, rising.
  init(_ sigmas: [Double]) { logarithms = sigmas.map { Double(logf(Float($0))) } }

  /// The time at which log σ, on lines between times, is that of `sigma`; beyond the ends, that of the end.
  func time(of sigma: Double) -> Double {
    let wanted = log(max(sigma, 1e-10))
    let last = logarithms.lastIndex { $0 <= wanted } ?? 0
    let low = min(last, max(logarithms.count - 2, 0))
    let high = min(low + 1, logarithms.count - 1)
    guard high > low else { return Double(low) }
    let weight = (logarithms[low] - wanted) / (logarithms[low] - logarithms[high])
    return Double(low) + min(max(weight, 0), 1)
  }
}
