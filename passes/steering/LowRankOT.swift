import ActIR
import ActStatistics

/// ``gaussianOT`` in the few directions in which source and target differ most; the identity outside.
///
/// The first direction is that between the means. The others are those of the greatest change of variance, up or down,
/// among the directions orthogonal to it: the eigenvectors of `Σ_b − Σ_a` there. With these as the rows of V,
/// `T(x) = x + Vᵀ ((A_r − I) V (x − m_a) + V (m_b − m_a))`, A_r the transport between the covariances `V Σ Vᵀ`.
package let lowRankOT = SteeringMethod(
  "lowrank-ot", version: "1",
  summary: "optimal transport between normal distributions where they differ most, of low rank",
  transport: lowRankTransport("lowrank_ot"),
  options: [rank, covarianceShrinkage],
  fitMoments: { source, target, settings in
    let pair = try CovariancePair(source, target, shrinkage: settings[covarianceShrinkage])
    guard let v = try pair.discriminativeDirections(settings[rank]) else {
      throw FitError("source and target do not differ there; leave out the site")
    }
    var inner = try pair.transport(along: v)
    for index in 0..<inner.rows { inner[index, index] -= 1 }
    let difference = Matrix(rows: 1, columns: source.width, zip(source.mean, target.mean).map { $1 - $0 })
    let along = difference.product(transposed: v)
    return lowRankParameters(
      u: v.transposedProduct(inner), v: v, center: source.mean, shift: along.product(v).values)
  })

private let rank = MethodOption(
  "rank", default: 8, in: 1...4096, "In how many directions; at most as many as both sides vary in.")
