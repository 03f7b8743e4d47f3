import ActIR
import ActStatistics

/// AUSteer (arXiv 2602.04428): scales the few channels of all sites that tell target from source most often.
///
/// `y = x + λ (f x − x)`, f = 1 + α β at the `units` best channels of all sites, 1 elsewhere. β, the momentum of a channel,
/// is the share of pairs in which the target's value is the greater, or less the share in which it is the smaller,
/// whichever is the larger. The best are those of the largest |β|. What is added grows with the activation, which is how
/// the paper adapts to the input. Meant for MLPs, for the inputs of output projections, or for the residual stream.
package let auSteer = SteeringMethod(
  "austeer", version: "1",
  summary: "scales the channels that tell target from source in most pairs (AUSteer)",
  transport: scaleTransport("austeer"),
  data: DataRequirements(pooling: .last, pairs: true, order: .simultaneous), options: [unitCount, alpha],
  fitSamples: { source, target, _ in
    let momenta = (0..<source.columns).map { channel in
      var (more, less) = (0, 0)
      for pair in 0..<source.rows {
        if target[pair, channel] > source[pair, channel] { more += 1 }
        if target[pair, channel] < source[pair, channel] { less += 1 }
      }
      return Double(more < less ? -less : more) / Double(source.rows)
    }
    return SiteFit(
      parameters: ["factor": MapParameter(momenta.map { _ in 1 })], scores: ["momentum": momenta])
  }
).selecting { fits, settings in
  let units = bestUnits(settings[unitCount], of: fits) { $0.scores["momentum"]!.map(\.magnitude) }
  for (site, channels) in units.enumerated() {
    let momenta = fits[site].scores["momentum"]!
    var factors = fits[site].parameters["factor"]!.values
    for channel in channels { factors[channel] = Float(1 + settings[alpha] * momenta[channel]) }
    fits[site].parameters["factor"] = MapParameter(factors)
  }
}

private let unitCount = MethodOption(
  "units", default: 100, in: 1...100, "How many channels of all sites together are scaled.")
private let alpha = MethodOption(
  "alpha", default: 1.0, in: -1000...1000, "What a channel that tells every pair is scaled by, less 1: α.")
