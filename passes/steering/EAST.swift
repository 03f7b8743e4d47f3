import ActIR

/// Entropic activation steering (arXiv 2406.00244): adds the mean of the target's last tokens.
///
/// `y = x + λ m_b`. The source is not looked at: the vector holds all that texts have in common, so that a strength well
/// below 1 is the usual one. The paper weighs samples by the entropy of the model's own actions; here all weigh the same.
package let east = SteeringMethod(
  "east", version: "1",
  summary: "adds the mean of the target's last tokens (EAST)",
  transport: shiftTransport("east"),
  data: DataRequirements(pooling: .last),
  fitMeans: { _, target, _ in ["shift": MapParameter(target.map { Float($0) })] })
