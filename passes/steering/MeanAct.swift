import ActIR

/// Mean-AcT (arXiv 2410.23054, section 3.1): shifts every channel by the difference of the means.
package let meanAct = SteeringMethod(
  "mean-act", version: "1",
  summary: "per-channel shift by the difference of the means (AcT)",
  transport: """
    graph @mean_act(%x: f32[T,D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
      %shift = sub %target_mean, %source_mean : f32[D]
      %part = mul %shift, %strength : f32[D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """,
  fitMeans: { source, target, _ in
    [
      "source_mean": MapParameter(source.map { Float($0) }),
      "target_mean": MapParameter(target.map { Float($0) }),
    ]
  }
).scoring(
  by: cosineScore(
    "mean_act", "%source_mean: f32[D], %target_mean: f32[D]", to: "difference",
    lines: "  %difference = sub %target_mean, %source_mean : f32[D]\n"))
