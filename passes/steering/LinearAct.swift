import ActStatistics

/// Linear-AcT (arXiv 2410.23054, section 3.1): per channel the affine map between the sorted samples of both sides.
///
/// With sorted, centred samples ã and b̃ the slope is `Σ ã b̃ / Σ ã²`, and `T(x) = m_b + slope · (x − m_a)`. The
/// paper's text divides by `Σ b̃²`; its code and least squares divide by `Σ ã²`.
///
/// At images its code transports the mean of a channel over the pixels, and moves all pixels by what that moves.
package let linearAct = SteeringMethod(
  "linear-act", version: "1",
  summary: "per-channel affine optimal transport between sorted samples (AcT)",
  transport: affineTransport("linear_act", movesImagesWhole: true),
  options: [images],
  fitChannel: { source, target, _ in
    let hasSpread = source.variance > varianceFloor
    // A sketch knows the correlation of the quantiles well and the deviations, which are known apart, less so.
    let slope = hasSpread ? quantileSlope(source.sorted, target.sorted) * (target.spread / source.spread) : 1
    return ChannelFit(
      ["slope": slope, "source_mean": source.mean, "target_mean": target.mean], takesMeanShift: !hasSpread)
  }
).transporting { settings in
  affineTransport("linear_act", movesImagesWhole: settings[images] == .mean)
}

private enum ImageRows: String, CaseIterable { case mean, pixels }

private let images = MethodOption(
  "images", default: ImageRows.mean,
  "What the map takes of an image: the mean of each channel, by whose shift all pixels move, or every pixel.")

/// The least-squares slope of sorted target on sorted source samples; unequal counts pair by quantile.
func quantileSlope(
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
