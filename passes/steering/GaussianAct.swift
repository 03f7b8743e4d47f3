import ActStatistics

/// Gaussian-AcT (arXiv 2410.23054): per channel the affine map between the normal distributions of both sides.
///
/// `T(x) = m_b + (σ_b / σ_a) (x − m_a)`, with sample deviations, of n − 1.
package let gaussianAct = SteeringMethod(
  "gaussian-act", version: "1",
  summary: "per-channel affine transport between normal distributions (AcT)",
  transport: affineTransport("gaussian_act"),
  fitChannel: { source, target, _ in
    func sampleVariance(_ channel: ChannelSamples.Channel) -> Double {
      channel.variance * Double(channel.count) / Double(channel.count - 1)
    }
    let hasSpread = source.variance > varianceFloor && source.count > 1 && target.count > 1
    let slope = hasSpread ? (sampleVariance(target) / sampleVariance(source)).squareRoot() : 1
    return ChannelFit(
      ["slope": slope, "source_mean": source.mean, "target_mean": target.mean], takesMeanShift: !hasSpread)
  })
