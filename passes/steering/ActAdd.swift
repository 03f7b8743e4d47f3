import ActIR

/// Activation addition (arXiv 2308.10248, section 3): adds the difference between the last tokens of two prompts.
///
/// `y = x + λ (a⁺ − a⁻)`, a⁺ of the target prompt and a⁻ of the source prompt, at one layer. Of several pairs of prompts
/// it would be ``caa``, and is refused.
package let actAdd = SteeringMethod(
  "actadd", version: "1",
  summary: "adds the difference between two prompts (ActAdd)",
  transport: shiftTransport("actadd"),
  data: DataRequirements(pooling: .last, pairs: true, mostPairs: 1),
  fitMeans: { source, target, _ in meanShift(source, target) }
).scoring(by: cosineScore("actadd"))
