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
  makeAccumulator: { LinearActAccumulator(samples: ChannelSamples(width: $0)) },
  makeSketch: { LinearActAccumulator(samples: ChannelSamples(width: $0, capacity: $1)) })

private struct LinearActAccumulator: SiteAccumulator {
  var samples: ChannelSamples

  mutating func observe(_ side: Side, _ rows: [Float]) { samples.observe(side, rows) }

  mutating func observe(_ side: Side, _ rows: [Float], using loop: ConcurrentLoop) {
    samples.observe(side, rows, using: loop)
  }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? LinearActAccumulator else {
      throw FitError("accumulators of different methods")
    }
    try samples.merge(other.samples)
  }

  func finish() throws -> SiteFit { try finish(using: .serial) }

  func finish(using loop: ConcurrentLoop) throws -> SiteFit {
    try samples.checkCounts()
    let channels = ChannelResults(width: samples.width)
    samples.forEachChannel(using: loop) { channel, samples in
      let (source, target) = (samples[.source]!, samples[.target]!)
      channels.sourceMean[channel] = Float(source.mean)
      channels.targetMean[channel] = Float(target.mean)
      channels.isGated[channel] = source.variance <= varianceFloor
      guard !channels.isGated[channel] else { return }
      // A sketch knows the correlation of the quantiles well and the deviations, which are known apart, less so.
      let slope = Self.slope(source.sorted, target.sorted) * (target.spread / source.spread)
      channels.slope[channel] = Float(slope)
    }
    return SiteFit(
      parameters: [
        "slope": Array(channels.slope), "source_mean": Array(channels.sourceMean),
        "target_mean": Array(channels.targetMean),
      ],
      gatedChannels: channels.isGated.count { $0 })
  }

  /// The least-squares slope of sorted target on sorted source samples; unequal counts pair by quantile.
  private static func slope(
    _ source: UnsafeMutableBufferPointer<Double>, _ target: UnsafeMutableBufferPointer<Double>
  ) -> Double {
    let count = max(source.count, target.count)
    var (meanA, meanB) = (0.0, 0.0)
    for index in 0..<count {
      meanA += quantile(source, index, of: count)
      meanB += quantile(target, index, of: count)
    }
    meanA /= Double(count)
    meanB /= Double(count)
    var (product, square) = (0.0, 0.0)
    for index in 0..<count {
      let (x, y) = (quantile(source, index, of: count), quantile(target, index, of: count))
      product += (x - meanA) * (y - meanB)
      square += (x - meanA) * (x - meanA)
    }
    return square > 0 ? product / square : 1
  }
}

/// A fit's parameters at an address that several threads write, each its own channels.
private final class ChannelResults {
  let slope, sourceMean, targetMean: UnsafeMutableBufferPointer<Float>
  let isGated: UnsafeMutableBufferPointer<Bool>

  init(width: Int) {
    func floats() -> UnsafeMutableBufferPointer<Float> {
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: width)
      values.initialize(repeating: 1)
      return values
    }
    (slope, sourceMean, targetMean) = (floats(), floats(), floats())
    isGated = .allocate(capacity: width)
    isGated.initialize(repeating: false)
  }

  deinit {
    for values in [slope, sourceMean, targetMean] { values.deallocate() }
    isGated.deallocate()
  }
}
