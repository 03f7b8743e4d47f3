/// Channels whose source samples vary no more take the mean shift: a slope from them would be noise.
public let varianceFloor = 1e-8

package func mean(_ values: some Collection<Double>) -> Double {
  values.reduce(0, +) / Double(values.count)
}

/// The variance, divided by the number of values.
package func populationVariance(_ values: some Collection<Double>) -> Double {
  let center = mean(values)
  return values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count)
}

/// Sorted samples read at level `(index + ½) / count`, by linear interpolation at position `level · n − ½`, clamped to
/// the ends; the samples themselves where `count` is their number.
public func quantile(_ sorted: UnsafeMutableBufferPointer<Double>, _ index: Int, of count: Int) -> Double {
  if sorted.count == count { return sorted[index] }
  let level = (Double(index) + 0.5) / Double(count)
  let position = min(max(level * Double(sorted.count) - 0.5, 0), Double(sorted.count - 1))
  let below = Int(position)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}
