/// Gaussian-AcT (arXiv 2410.23054): per channel the affine map between the normal distributions of both sides.
///
/// `T(x) = m_b + (σ_b / σ_a) (x − m_a)`, with sample deviations, of n − 1.
public let gaussianAct = SteeringMethod(
  "gaussian-act", version: "1",
  summary: "per-channel affine transport between normal distributions (AcT)",
  transport: """
    graph @gaussian_act(%x: f32[T,D], %slope: f32[D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
      %centred = sub %x, %source_mean : f32[T,D]
      %scaled = mul %centred, %slope : f32[T,D]
      %transported = add %scaled, %target_mean : f32[T,D]
      %shift = sub %transported, %x : f32[T,D]
      %part = mul %shift, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """,
  fitChannel: { source, target in
    func sampleVariance(_ channel: ChannelSamples.Channel) -> Double {
      channel.variance * Double(channel.count) / Double(channel.count - 1)
    }
    let isGated = source.variance <= varianceFloor || source.count < 2 || target.count < 2
    let slope = isGated ? 1 : (sampleVariance(target) / sampleVariance(source)).squareRoot()
    return ChannelFit(
      ["slope": slope, "source_mean": source.mean, "target_mean": target.mean], isGated: isGated)
  })
