import ActFormats
import ActRuntime
import Glibc

/// A figure measured on texts, and what it becomes when the texts are drawn again.
package struct Estimate: Hashable, Sendable {
  /// NaN where there was nothing to measure.
  package var value: Double
  /// The figure of each resample; empty where there are fewer than two units to draw from.
  package var replicates: [Double]

  package init(value: Double, replicates: [Double] = []) {
    self.value = value
    self.replicates = replicates
  }

  /// The 95 % percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13); nil without
  /// replicates.
  package var interval: ClosedRange<Double>? {
    let sorted = replicates.filter(\.isFinite).sorted()
    guard sorted.count >= 2 else { return nil }
    return quantile(sorted, 0.025)...quantile(sorted, 0.975)
  }

  /// The estimate of a function of the figure.
  package func map(_ transform: (Double) -> Double) -> Estimate {
    Estimate(value: transform(value), replicates: replicates.map(transform))
  }

  /// How much larger the figure is than `other`, as a share of it: both on the same resamples, so that what the texts
  /// have in common cancels.
  package func relativeChange(from other: Estimate) -> Estimate {
    Estimate(
      value: value / other.value - 1, replicates: zip(replicates, other.replicates).map { $0 / $1 - 1 })
  }

  private func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (place - Double(lower)) * (sorted[upper] - sorted[lower])
  }
}

/// What one unit of resampling adds to a ratio of sums.
package struct RatioTerm: Hashable, Sendable {
  package var numerator: Double
  package var denominator: Double

  package init(_ numerator: Double, _ denominator: Double) {
    self.numerator = numerator
    self.denominator = denominator
  }
}

/// Draws units (prompts, texts) with replacement, always the same ones for the same number of units.
package struct Bootstrap: Hashable, Sendable {
  package static let resamples = 2000
  private static let seed: UInt64 = 0

  package init() {}

  /// The sum of the numerators by that of the denominators, over units whose parts stay together.
  package func ratio(_ units: [RatioTerm]) -> Estimate {
    let value = units.reduce(0) { $0 + $1.numerator } / units.reduce(0) { $0 + $1.denominator }
    guard units.count > 1 else { return Estimate(value: value) }
    var random = SplitMix64(state: Self.seed)
    let count = UInt64(units.count)
    let replicates = (0..<Self.resamples).map { _ in
      var (numerator, denominator) = (0.0, 0.0)
      for _ in units {
        let unit = units[Int(random.next().multipliedFullWidth(by: count).high)]
        numerator += unit.numerator
        denominator += unit.denominator
      }
      return numerator / denominator
    }
    return Estimate(value: value, replicates: replicates)
  }

  /// The perplexity of texts, each unit of which has the scores of one or several.
  package func perplexity(_ units: [TextScore]) -> Estimate {
    ratio(units.map { RatioTerm(-$0.logLikelihood, Double($0.tokenCount)) }).map(exp)
  }
}
