/// Samples of both sides, kept in memory for methods that sort them.
struct ChannelSamples: Sendable {
  let width: Int
  private var rows: [Side: [Float]] = [.source: [], .target: []]

  init(width: Int) { self.width = width }

  mutating func observe(_ side: Side, _ samples: [Float]) { rows[side]!.append(contentsOf: samples) }

  mutating func merge(_ other: ChannelSamples) {
    for side in Side.allCases { rows[side]!.append(contentsOf: other.rows[side]!) }
  }

  /// One channel's samples, in the order in which they came.
  func channel(_ channel: Int, _ side: Side) -> [Double] {
    let rows = rows[side]!
    return stride(from: channel, to: rows.count, by: width).map { Double(rows[$0]) }
  }

  func checkCounts() throws {
    for side in Side.allCases {
      if rows[side]!.isEmpty { throw FitError("no \(side.rawValue) samples") }
      if !rows[side]!.allSatisfy(\.isFinite) { throw FitError("an activation that is not finite") }
    }
  }
}

/// Channels whose source samples vary less take the mean shift: a slope from them would be noise.
let varianceFloor = 1e-8

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

func populationVariance(_ values: [Double]) -> Double {
  let center = mean(values)
  return values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count)
}

/// Sorted samples read at `count` evenly spread levels `(i + ½) / count`, by linear interpolation at position
/// `level · n − ½`, clamped to the ends; the samples themselves where `count` is their number.
func atQuantiles(_ sorted: [Double], count: Int) -> [Double] {
  if sorted.count == count { return sorted }
  return (0..<count).map { index in
    let level = (Double(index) + 0.5) / Double(count)
    let position = min(max(level * Double(sorted.count) - 0.5, 0), Double(sorted.count - 1))
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
