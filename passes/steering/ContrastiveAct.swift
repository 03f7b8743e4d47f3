import ActIR
import ActStatistics

/// An affine map by gradient descent at the site alone: towards the target, away from the source, and near the identity.
///
/// T minimises the weighted sum of three terms over the source's samples x:
///
/// - S, the sliced Wasserstein distance: the mean over random directions u of the squared 2-Wasserstein distance between
///   `u·T(x)` and `u·y`, y the target's samples.
/// - C, InfoNCE (arXiv 1807.03748) with the target's samples as positives and the source's as negatives: the mean of
///   `−log (P / (P + Q))`, P and Q the means of `exp(cos(T(x), ·) / τ)` over either.
/// - N, nearness to the identity: the mean of `|T(x) − x|²` over samples and channels.
///
/// T is diagonal, or of the given rank, about the source's mean, beside a shift. Channels are counted from the middle
/// between the means of the sides in units of the root mean square of both sides about it. Channels in which the source
/// does not vary take the mean shift. The descent is Adam's (arXiv 1412.6980), from the identity, with a rate that falls
/// linearly to 0.
package let contrastiveAct = SteeringMethod(
  "contrastive-act", version: "1",
  summary: "affine transport by gradient descent towards the target and away from the source",
  transport: affineTransport(name),
  options: [
    rank, steps, rate, slicedWeight, contrastWeight, nearnessWeight, temperature, directions, sampleCount,
    seed,
  ],
  fitSamples: { source, target, settings in
    let units = StandardUnits(source, target)
    var descent = try ContrastiveDescent(
      source: units.standardized(source.evenRows(settings[sampleCount])),
      mean: units.standardized(Matrix(rows: 1, columns: source.columns, units.sourceMean)).values,
      target: units.standardized(target.evenRows(settings[sampleCount])),
      moving: units.scale.map { $0 > 0 }, rank: settings[rank],
      objective: ContrastiveDescent.Objective(
        sliced: settings[slicedWeight], contrast: settings[contrastWeight],
        nearness: settings[nearnessWeight], temperature: settings[temperature],
        directions: settings[directions]),
      seed: settings[seed])
    if !units.isConstant { try descent.run(steps: settings[steps], rate: settings[rate]) }
    return SiteFit(
      parameters: units.parameters(of: descent.map), meanShiftChannels: units.scale.count { $0 == 0 })
  }
).transporting { $0[rank] == 0 ? affineTransport(name) : lowRankTransport(name) }

private let name = "contrastive_act"

private let rank = MethodOption("rank", default: 0, in: 0...4096, "The rank of the map; 0: diagonal.")
private let steps = MethodOption("steps", default: 200, in: 1...100_000, "The steps of the descent.")
private let rate = MethodOption("rate", default: 0.05, in: 1e-6...10, "The rate of the first step.")
private let slicedWeight = MethodOption(
  "sliced", default: 1.0, in: 0...1e6, "The weight of the sliced Wasserstein distance.")
private let contrastWeight = MethodOption("contrast", default: 0.1, in: 0...1e6, "The weight of InfoNCE.")
private let nearnessWeight = MethodOption(
  "nearness", default: 0.01, in: 0...1e6, "The weight of nearness to the identity.")
private let temperature = MethodOption(
  "temperature", default: 0.1, in: 1e-3...1e3, "The temperature of InfoNCE.")
private let directions = MethodOption(
  "directions", default: 64, in: 1...4096, "The random directions of a step; at most one for each channel.")
private let sampleCount = MethodOption(
  "samples", default: 256, in: 1...65_536,
  "The most samples of a side that the descent sees, spread evenly over all.")
private let seed = MethodOption(
  "seed", default: 0, in: 0...Int.max, "What the random directions follow from.")

/// Channels counted from the middle between the means of both sides, in units of their root mean square about it.
private struct StandardUnits {
  let sourceMean: [Double]
  let targetMean: [Double]
  let middle: [Double]
  /// 0 where the source does not vary: such channels are 0 in these units.
  let scale: [Double]

  init(_ source: Matrix, _ target: Matrix) {
    let sides = (0..<source.columns).map { (source.column($0), target.column($0)) }
    sourceMean = source.columnMeans
    targetMean = target.columnMeans
    middle = zip(sourceMean, targetMean).map { ($0 + $1) / 2 }
    scale = zip(sides, zip(sourceMean, targetMean)).map { sides, means in
      let (a, b) = (populationVariance(sides.0), populationVariance(sides.1))
      let half = (means.1 - means.0) / 2
      return a > varianceFloor ? ((a + b) / 2 + half * half).squareRoot() : 0
    }
  }

  func standardized(_ samples: Matrix) -> Matrix {
    var out = samples
    for row in 0..<out.rows {
      for channel in scale.indices {
        out[row, channel] = scale[channel] > 0 ? (out[row, channel] - middle[channel]) / scale[channel] : 0
      }
    }
    return out
  }

  var isConstant: Bool { scale.allSatisfy { $0 == 0 } }

  /// The parameters, in the units of the samples, of a map in these.
  func parameters(of map: DescentMap) -> [String: MapParameter] {
    let shift = scale.indices.map { channel in
      scale[channel] > 0 ? scale[channel] * map.shift[channel] : targetMean[channel] - sourceMean[channel]
    }
    switch map.linear {
    case .diagonal(let slope):
      return [
        "slope": MapParameter(zip(scale, slope).map { $0 > 0 ? Float($1) : 1 }),
        "source_mean": MapParameter(sourceMean.map { Float($0) }),
        "target_mean": MapParameter(zip(sourceMean, shift).map { Float($0 + $1) }),
      ]
    case .lowRank(var u, var v):
      for channel in scale.indices {
        for direction in 0..<v.rows {
          u[channel, direction] *= scale[channel]
          v[direction, channel] = scale[channel] > 0 ? v[direction, channel] / scale[channel] : 0
        }
      }
      return lowRankParameters(u: u, v: v, center: sourceMean, shift: shift)
    }
  }
}
