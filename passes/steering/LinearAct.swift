/// Linear-AcT (arXiv 2410.23054, section 3.1): per channel the affine map between the sorted samples of both sides.
///
/// With sorted, centred samples ã and b̃ the slope is `Σ ã b̃ / Σ ã²`, and `T(x) = m_b + slope · (x − m_a)`. The
/// paper's text divides by `Σ b̃²`; its code and least squares divide by `Σ ã²`.
public let linearAct = SteeringMethod(
  "linear-act", version: "1",
  summary: "per-channel affine optimal transport between sorted samples (AcT)",
  transport: """
    graph @linear_act(%x: f32[T,D], %slope: f32[D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
      %centred = sub %x, %source_mean : f32[T,D]
      %scaled = mul %centred, %slope : f32[T,D]
      %transported = add %scaled, %target_mean : f32[T,D]
      %shift = sub %transported, %x : f32[T,D]
      %part = mul %shift, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """,
  makeAccumulator: { LinearActAccumulator(samples: ChannelSamples(width: $0)) })

private struct LinearActAccumulator: SiteAccumulator {
  var samples: ChannelSamples

  mutating func observe(_ side: Side, _ rows: [Float]) { samples.observe(side, rows) }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? LinearActAccumulator else {
      throw FitError("accumulators of different methods")
    }
    samples.merge(other.samples)
  }

  func finish() throws -> SiteFit {
    try samples.checkCounts()
    let width = samples.width
    var slope = [Float](repeating: 1, count: width)
    var gated = 0
    var means: [Side: [Float]] = [:]
    for side in Side.allCases { means[side] = (0..<width).map { Float(mean(samples.channel($0, side))) } }
    for channel in 0..<width {
      let source = samples.channel(channel, .source)
      guard populationVariance(source) > varianceFloor else {
        gated += 1
        continue
      }
      slope[channel] = Float(Self.slope(source.sorted(), samples.channel(channel, .target).sorted()))
    }
    return SiteFit(
      parameters: ["slope": slope, "source_mean": means[.source]!, "target_mean": means[.target]!],
      gatedChannels: gated)
  }

  /// The least-squares slope of sorted target on sorted source samples; unequal counts pair by quantile.
  private static func slope(_ source: [Double], _ target: [Double]) -> Double {
    let count = max(source.count, target.count)
    let (a, b) = (atQuantiles(source, count: count), atQuantiles(target, count: count))
    let (meanA, meanB) = (mean(a), mean(b))
    var (product, square) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += (x - meanA) * (y - meanB)
      square += (x - meanA) * (x - meanA)
    }
    return square > 0 ? product / square : 1
  }
}
