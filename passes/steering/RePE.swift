import ActIR
import ActStatistics

/// Representation engineering (arXiv 2310.01405, section 3): adds the direction along which pairs differ most.
///
/// `y = x + λ v`, v the first principal direction of the differences `b_k − a_k`, of length 1: that of the greatest
/// singular value of the differences as they are, since pairs in random order, as published, have the mean 0. The sign
/// of a direction is nobody's; it is fixed so that the mean difference lies along v and not against it. A vector of length
/// 1 is short beside a residual stream: strengths of ten and more are usual.
package let repe = SteeringMethod(
  "repe", version: "1",
  summary: "adds the principal direction of the differences of pairs (RepE)",
  transport: shiftTransport("repe"),
  data: DataRequirements(pooling: .last, pairs: true),
  fitSamples: { source, target, _ in
    let differences = Matrix.differences(of: source, to: target)
    let direction = try differences.principalDirection(along: differences)
    return SiteFit(parameters: ["shift": MapParameter(direction.map { Float($0) })])
  }
).scoring(by: cosineScore("repe"))
