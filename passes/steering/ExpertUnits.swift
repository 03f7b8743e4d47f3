import ActIR
import ActStatistics

/// Det0 (arXiv 2110.02802, section 4): sets the best expert units of the source to 0.
///
/// `y = x + λ (f x − x)`, f = 0 at the expert units, 1 elsewhere. A unit is an expert by the average precision with which
/// its value tells source from target; `units` of all sites' units are taken, whatever their sites.
package let det0 = expertUnits(
  "det0", summary: "sets the expert units of the source to 0 (Det0)", factor: 0)

/// Damp (arXiv 2407.12824, section 4): halves the best expert units of the source; otherwise ``det0``.
package let damp = expertUnits(
  "damp", summary: "halves the expert units of the source (Damp)", factor: 0.5)

private let unitCount = MethodOption(
  "units", default: 50, in: 1...1_000_000, "How many units of all sites together are taken as experts.")

private func expertUnits(_ name: String, summary: String, factor: Float) -> SteeringMethod {
  SteeringMethod(
    name, version: "1", summary: summary, transport: scaleTransport(name),
    data: DataRequirements(pooling: .max, order: .simultaneous), options: [unitCount],
    fitChannel: { source, target, _ in
      ChannelFit(
        ["factor": 1],
        scores: ["precision": averagePrecision(positives: source.sorted, negatives: target.sorted)])
    }
  ).selecting { fits, settings in
    let experts = bestUnits(settings[unitCount], of: fits) { $0.scores["precision"] ?? [] }
    for (site, channels) in experts.enumerated() {
      var factors = fits[site].parameters["factor"]!.values
      for channel in channels { factors[channel] = factor }
      fits[site].parameters["factor"] = MapParameter(factors)
    }
  }
}
