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
  makeAccumulator: { MeanActAccumulator(means: SideMeans(width: $0)) })

private struct MeanActAccumulator: SiteAccumulator {
  var means: SideMeans

  mutating func observe(_ side: Side, _ rows: [Float]) { means.observe(side, rows) }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? MeanActAccumulator else {
      throw FitError("accumulators of different methods")
    }
    means.merge(other.means)
  }

  func finish() throws -> SiteFit {
    var parameters: [String: MapParameter] = [:]
    for side in Side.allCases {
      parameters["\(side.rawValue)_mean"] = MapParameter(try means.mean(side).map { Float($0) })
    }
    return SiteFit(parameters: parameters)
  }
}
