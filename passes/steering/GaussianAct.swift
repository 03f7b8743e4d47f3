/// Gaussian-AcT (arXiv 2410.23054): per channel the affine map between the normal distributions of both sides.
///
/// `T(x) = m_b + (σ_b / σ_a) (x − m_a)`, with sample deviations, of n − 1.
public let gaussianAct = SteeringMethod(
  "gaussian-act", version: "1",
  summary: "per-channel affine transport between normal distributions (AcT)",
  transport: affineTransport("gaussian_act"),
  fitChannel: { source, target in
    func sampleVariance(_ channel: ChannelSamples.Channel) -> Double {
      channel.variance * Double(channel.count) / Double(channel.count - 1)
    }
    let isGated = source.variance <= varianceFloor || source.count < 2 || target.count < 2
    let slope = isGated ? 1 : (sampleVariance(target) / sampleVariance(source)).squareRoot()
    return ChannelFit(
      ["slope": slope, "source_mean": source.mean, "target_mean": target.mean], isGated: isGated)
  })
