import ActIR
import ActStatistics

/// Inference-time intervention along the mean shift (arXiv 2306.03341, section 3): moves the heads that tell
/// the sides best.
///
/// Per head, before `o_proj` mixes them, `y = x + λ σ v`: v the unit vector from the source's mean to the target's, σ the
/// deviation along v of all samples of both sides. Of all heads of all sites those are kept whose probe, a logistic
/// regression on the samples of the fit, tells most of the samples held out; the others have the shift 0. Strengths of 5
/// to 15 are usual.
package let itiMean = intervention(
  "iti-m", summary: "shifts the heads that tell the sides best by their means (ITI)"
) { _, source, target in
  zip(source.fitted.columnMeans, target.fitted.columnMeans).map { $1 - $0 }
}

/// Inference-time intervention along the probe (arXiv 2306.03341, section 3): v is the normal of the plane by which a head's
/// probe tells the sides apart; otherwise ``itiMean``.
package let itiClassifier = intervention(
  "iti-c", summary: "shifts the heads that tell the sides best along their probes (ITI)"
) { probe, _, _ in probe.weights }

private let headCount = MethodOption(
  "heads", default: 48, in: 1...1_000_000, "How many heads of all sites together are shifted.")
private let ridge = MethodOption(
  "ridge", default: 1.0, in: 1e-6...1e6,
  "The penalty of the squared weights of a head's probe, on activations in units of their deviation.")

/// A method that shifts heads along the direction that `direction` finds, of any length; 0 where there is none.
private func intervention(
  _ name: String, summary: String,
  direction: @escaping @Sendable (LogisticRegression, SplitSamples, SplitSamples) -> [Double]
) -> SteeringMethod {
  SteeringMethod(
    name, version: "1", summary: summary, transport: shiftTransport(name),
    data: DataRequirements(
      pooling: .last, order: .simultaneous, heldOut: 0.2, heads: true, sites: ["*.self_attn.o_proj:in"]),
    options: [headCount, ridge],
    fitSplit: { source, target, site, settings in
      guard let heads = site.heads else { throw FitError("expected channels that are heads, found none") }
      let width = site.width / heads
      var shift: [Float] = []
      var accuracies: [Double] = []
      for head in 0..<heads {
        let channels = head * width..<(head + 1) * width
        let (source, target) = (source.channels(channels), target.channels(channels))
        let probe = try LogisticRegression(
          positives: target.fitted, negatives: source.fitted, ridge: settings[ridge])
        let vector = unitVector(along: direction(probe, source, target))
        // A head without a direction is never kept.
        accuracies.append(vector == nil ? -1 : accuracy(probe, source.heldOut, target.heldOut))
        let v = vector ?? [Double](repeating: 0, count: width)
        let deviation = [source, target].flatMap { [$0.fitted, $0.heldOut] }.deviation(along: v)
        shift += v.map { Float(deviation * $0) }
      }
      return SiteFit(parameters: ["shift": MapParameter(shift)], scores: ["accuracy": accuracies])
    }
  ).selecting { fits, settings in
    // A head without a direction has an accuracy below all others.
    let count = fits.reduce(0) { $0 + $1.scores["accuracy"]!.count { $0 >= 0 } }
    let wanted: Int = settings[headCount]
    guard wanted <= count else {
      throw FitError(
        "\(name): expected --option heads=\(count) or fewer, as many as the sites have in which the sides differ, "
          + "found \(wanted)")
    }
    let kept = bestUnits(wanted, of: fits) { $0.scores["accuracy"]! }
    for site in fits.indices {
      let isKept = Set(kept[site])
      var shift = fits[site].parameters["shift"]!.values
      let width = shift.count / fits[site].scores["accuracy"]!.count
      for channel in shift.indices where !isKept.contains(channel / width) { shift[channel] = 0 }
      fits[site].parameters["shift"] = MapParameter(shift)
    }
  }
}

/// The share of samples of both sides that a probe tells.
private func accuracy(_ probe: LogisticRegression, _ source: Matrix, _ target: Matrix) -> Double {
  let told = probe.logOdds(target).count { $0 > 0 } + probe.logOdds(source).count { $0 <= 0 }
  return Double(told) / Double(source.rows + target.rows)
}

extension [Matrix] {
  /// The deviation of all rows along a vector, about their common mean.
  fileprivate func deviation(along v: [Double]) -> Double {
    let direction = Matrix(rows: 1, columns: v.count, v)
    let along = flatMap { $0.product(transposed: direction).values }
    let mean = along.reduce(0, +) / Double(along.count)
    let largest = along.reduce(0) { Swift.max($0, ($1 - mean).magnitude) }
    guard largest > 0 else { return 0 }
    let squares = along.reduce(0) { $0 + (($1 - mean) / largest) * (($1 - mean) / largest) }
    return largest * (squares / Double(along.count)).squareRoot()
  }
}
