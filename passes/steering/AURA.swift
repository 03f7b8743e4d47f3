import ActIR
import ActStatistics

/// AURA (arXiv 2407.12824, section 3): damps every unit by how well it tells the source.
///
/// `y = x · (1 − λ + λ α)`, `α = 1 − 2 (AUROC − ½)` where the AUROC of the unit as a classifier of source against target is
/// above ½, and 1 elsewhere. A text's sample is the largest value of its tokens. Meant for the linear layers of MLPs.
package let aura = SteeringMethod(
  "aura", version: "1",
  summary: "damps each unit by its power to tell the source (AURA)",
  transport: scaleTransport("aura"),
  data: DataRequirements(pooling: .max),
  fitChannel: { source, target, _ in
    let area = areaUnderROC(positives: source.sorted, negatives: target.sorted)
    return ChannelFit(["factor": area > 0.5 ? 2 - 2 * area : 1])
  })
