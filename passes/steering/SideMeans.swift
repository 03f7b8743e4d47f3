/// The mean of each side's samples, channel by channel, for methods that need no more of them.
struct SideMeans: Sendable {
  private var sums: [Side: [Double]]
  private var counts: [Side: Int] = [.source: 0, .target: 0]

  init(width: Int) {
    let zeros = [Double](repeating: 0, count: width)
    sums = [.source: zeros, .target: zeros]
  }

  /// Takes samples: row-major.
  mutating func observe(_ side: Side, _ rows: [Float]) {
    let width = sums[side]!.count
    for (index, value) in rows.enumerated() { sums[side]![index % width] += Double(value) }
    counts[side]! += rows.count / width
  }

  /// Adds the samples of other means of the same width.
  mutating func merge(_ other: SideMeans) {
    for side in Side.allCases {
      for channel in sums[side]!.indices { sums[side]![channel] += other.sums[side]![channel] }
      counts[side]! += other.counts[side]!
    }
  }

  /// The mean of a side that has samples, all of them finite.
  func mean(_ side: Side) throws(FitError) -> [Double] {
    guard counts[side]! > 0 else { throw FitError("no \(side.rawValue) samples") }
    let mean = sums[side]!.map { $0 / Double(counts[side]!) }
    guard mean.allSatisfy({ Float($0).isFinite }) else { throw FitError("an activation that is not finite") }
    return mean
  }
}
