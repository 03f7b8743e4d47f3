import ActIR
import ActStatistics

/// Optimal transport between normal distributions with full covariances (MiMiC, arXiv 2402.09631, section 3).
///
/// `T(x) = m_b + A (x − m_a)`, `A = Σ_a^-½ (Σ_a^½ Σ_b Σ_a^½)^½ Σ_a^-½`. Fewer samples than channels leave the covariances
/// singular, so both shrink: `Σ ← (1 − ρ) Σ + ρ tr(Σ)/D · I`. Outside of what the samples of both sides span A is then one
/// number times the identity. Directions in which the source does not vary even so take the mean shift.
package let gaussianOT = SteeringMethod(
  "gaussian-ot", version: "1",
  summary: "optimal transport between normal distributions of full covariance (MiMiC)",
  transport: denseTransport("gaussian_ot"),
  options: [covarianceShrinkage],
  fitMoments: { source, target, settings in
    let pair = try CovariancePair(source, target, shrinkage: settings[covarianceShrinkage])
    return [
      "A": MapParameter(try pair.transport()),
      "source_mean": MapParameter(source.mean.map { Float($0) }),
      "target_mean": MapParameter(target.mean.map { Float($0) }),
    ]
  })

/// Shared by the methods that transport covariances.
let covarianceShrinkage = MethodOption(
  "shrinkage", default: 0.1, in: 0...1,
  "How far the covariances shrink towards a multiple of the identity: ρ.")
