import ActIR

/// Contrastive activation addition (arXiv 2312.06681, section 3): adds the mean difference of pairs.
///
/// `y = x + λ (m_b − m_a)`, of the last tokens of both texts of every pair: the same question with the one answer and with
/// the other. Meant for one layer of the residual stream; at several the shifts add up.
package let caa = SteeringMethod(
  "caa", version: "1",
  summary: "adds the mean difference of pairs at their last tokens (CAA)",
  transport: shiftTransport("caa"),
  data: DataRequirements(pooling: .last, pairs: true),
  fitMeans: { source, target, _ in meanShift(source, target) }
).scoring(by: cosineScore("caa"))
