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
  makeAccumulator: { MeanActAccumulator(width: $0) })

private struct MeanActAccumulator: SiteAccumulator {
  private var sums: [Side: [Double]]
  private var counts: [Side: Int] = [.source: 0, .target: 0]

  init(width: Int) {
    let zeros = [Double](repeating: 0, count: width)
    sums = [.source: zeros, .target: zeros]
  }

  mutating func observe(_ side: Side, _ rows: [Float]) {
    let width = sums[side]!.count
    for (index, value) in rows.enumerated() { sums[side]![index % width] += Double(value) }
    counts[side]! += rows.count / width
  }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? MeanActAccumulator else {
      throw FitError("accumulators of different methods")
    }
    for side in Side.allCases {
      for channel in sums[side]!.indices { sums[side]![channel] += other.sums[side]![channel] }
      counts[side]! += other.counts[side]!
    }
  }

  func finish() throws -> SiteFit {
    var parameters: [String: [Float]] = [:]
    for side in Side.allCases {
      guard counts[side]! > 0 else { throw FitError("no \(side.rawValue) samples") }
      let means = sums[side]!.map { Float($0 / Double(counts[side]!)) }
      guard means.allSatisfy(\.isFinite) else { throw FitError("an activation that is not finite") }
      parameters["\(side.rawValue)_mean"] = means
    }
    return SiteFit(parameters: parameters)
  }
}
