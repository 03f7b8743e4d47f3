extension EvenSample {
  /// The distance between two samples of a site: the root mean square, over the channels in which `target` varies, of
  /// the 2-Wasserstein distance in units of the target's standard deviation.
  package func distance(
    to target: EvenSample, using loop: ConcurrentLoop
  ) -> (distance: Double, constantChannels: Int) {
    // Negative where the target does not vary.
    var squares = [Double](repeating: -1, count: width)
    squares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares
      loop(width) { channel in
        let values = target.sorted(channel)
        let variance = populationVariance(values)
        guard variance > varianceFloor else { return }
        squares[channel] = squaredWasserstein(sorted(channel), values) / variance
      }
    }
    let measured = squares.filter { $0 >= 0 }
    let square = measured.reduce(0, +) / Double(max(measured.count, 1))
    return (square.squareRoot(), width - measured.count)
  }
}

/// The squared 2-Wasserstein distance between two samples of one channel: `∫ (F⁻¹(u) − G⁻¹(u))² du` over their
/// empirical quantile functions, exactly, whatever their counts.
///
/// Both are sorted and hold at least one value.
public func squaredWasserstein(_ first: [Double], _ second: [Double]) -> Double {
  let (n, m) = (first.count, second.count)
  var (i, j) = (0, 0)
  // Levels in units of 1 / (n m), where both functions step at integers.
  var level = 0
  var sum = 0.0
  while i < n, j < m {
    let next = min((i + 1) * m, (j + 1) * n)
    let difference = first[i] - second[j]
    sum += difference * difference * Double(next - level)
    if next == (i + 1) * m { i += 1 }
    if next == (j + 1) * n { j += 1 }
    level = next
  }
  return sum / (Double(n) * Double(m))
}

/// For each of a number of sorted samples the part of another sample that it is paired with: the mean of that one's
/// empirical quantile function over the levels of the sample, `n ∫ F⁻¹(u) du` from i/n to (i+1)/n.
///
/// What the gradient of ``squaredWasserstein(_:_:)`` draws the i-th of n values to: `2/n (x_i − mean_i)`.
package func quantileMeans(_ sorted: [Double], _ count: Int) -> [Double] {
  let m = sorted.count
  guard m != count else { return sorted }
  var means = [Double](repeating: 0, count: count)
  var (i, j) = (0, 0)
  // Levels in units of 1 / (count · m).
  var level = 0
  while i < count, j < m {
    let next = min((i + 1) * m, (j + 1) * count)
    means[i] += sorted[j] * Double(next - level)
    if next == (j + 1) * count { j += 1 }
    if next == (i + 1) * m { i += 1 }
    level = next
  }
  return means.map { $0 / Double(m) }
}
