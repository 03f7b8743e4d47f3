import Glibc

/// A median and an interval that holds it at a confidence of at least 95 %, whatever the distribution: the k-th smallest
/// and the k-th largest value (the sign test's interval).
package struct MedianInterval: Hashable, Sendable {
  package var median: Double
  /// nil for fewer than six values, the fewest that can tell.
  package var interval: ClosedRange<Double>?

  /// `values`: at least one, finite, drawn independently.
  package init(_ values: [Double]) {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    let rank = Self.rank(sorted.count)
    if rank > 0 { interval = sorted[rank - 1]...sorted[sorted.count - rank] }
  }

  /// The interval's width; infinite where there is none.
  package var width: Double { interval.map { $0.upperBound - $0.lowerBound } ?? .infinity }

  /// Whether the interval leaves no doubt on which side of `value` the median lies.
  package func excludes(_ value: Double) -> Bool { interval.map { !$0.contains(value) } ?? false }

  /// The largest k for which the median lies below the k-th smallest of n values with probability at most 2.5 %.
  private static func rank(_ count: Int) -> Int {
    // P(B <= k - 1) for B of n tosses of a fair coin.
    var term = pow(0.5, Double(count))
    var below = 0.0
    var rank = 0
    while rank < count / 2, below + term <= 0.025 {
      below += term
      term *= Double(count - rank) / Double(rank + 1)
      rank += 1
    }
    return rank
  }
}
