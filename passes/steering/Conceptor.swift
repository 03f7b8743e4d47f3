import ActIR
import ActStatistics

/// Conceptors (arXiv 1403.3369; for steering arXiv 2410.16314): keeps of an activation what the target varies along.
///
/// `T(x) = β C x`, `C = R (R + α⁻² I)⁻¹`, R the correlation matrix `Σ b bᵀ / n` of the target and α its aperture: a
/// direction in which the target is large passes, one in which it is small is damped. D² numbers a site.
package let conceptor = SteeringMethod(
  "conceptor", version: "1",
  summary: "keeps the directions that the target is large along (conceptors)",
  transport: """
    graph @conceptor(%x: f32[T,D], %C: f32[D,D], %beta: f32[], %strength: f32[]) {
      %kept = linear %x, %C : f32[T,D]
      %scaled = mul %kept, %beta : f32[T,D]
      %change = sub %scaled, %x : f32[T,D]
      %part = mul %change, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """,
  data: DataRequirements(pooling: .last), options: [aperture, scale],
  fitMoments: { _, target, settings in
    let axes = try target.axes(about: [Double](repeating: 0, count: target.width))
    let floor = 1 / (settings[aperture] * settings[aperture])
    return [
      "C": MapParameter(axes.matrix { $0 / ($0 + floor) }), "beta": MapParameter(Float(settings[scale])),
    ]
  })

private let aperture = MethodOption(
  "aperture", default: 10.0, in: 1e-6...1e6, "How readily a direction passes: α.")
private let scale = MethodOption("beta", default: 1.0, in: -1e6...1e6, "What is kept, times this: β.")
