import ActFormats
import ActStatistics
import Testing

@Suite struct WassersteinTests {
  @Test func byHand() {
    #expect(squaredWasserstein([1], [1]) == 0)
    #expect(squaredWasserstein([1], [4]) == 9)
    #expect(squaredWasserstein([0, 1, 2, 3], [10, 11, 12, 17]) == (100 + 100 + 100 + 196) / 4)
    // Half of {0} goes to 0, half to 2.
    #expect(squaredWasserstein([0], [0, 2]) == 2)
    // Levels 0, 1/3, 1/2, 2/3, 1: (0 − 0)², (0 − 3)², (2 − 3)², (2 − 3)².
    #expect((squaredWasserstein([0, 2], [0, 3, 3]) - (9.0 / 6 + 1.0 / 6 + 1.0 / 3)).magnitude < 1e-12)
  }

  /// Samples repeated until their counts are equal pair one by one.
  @Test func unequalCountsEqualRepeatedSamples() {
    var random = SplitMix64(state: 2)
    for _ in 0..<200 {
      let counts = (Int.random(in: 1...12, using: &random), Int.random(in: 1...12, using: &random))
      func draw(_ count: Int) -> [Double] {
        (0..<count).map { _ in Double.random(in: -3...3, using: &random) }.sorted()
      }
      let (a, b) = (draw(counts.0), draw(counts.1))
      let (longA, longB) = (
        a.flatMap { Array(repeating: $0, count: counts.1) },
        b.flatMap { Array(repeating: $0, count: counts.0) }
      )
      let expected = zip(longA, longB).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(longA.count)
      #expect((squaredWasserstein(a, b) - expected).magnitude < 1e-12)
      #expect((squaredWasserstein(b, a) - expected).magnitude < 1e-12)
      for (index, value) in quantileMeans(b, counts.0).enumerated() {
        let paired = longB[index * counts.1..<(index + 1) * counts.1]
        #expect((value - paired.reduce(0, +) / Double(counts.1)).magnitude < 1e-12)
      }
    }
  }

  /// Which rows are kept depends on their number, not on how they come.
  @Test(arguments: [2, 3, 7, 64])
  func samplesAreEven(limit: Int) {
    var random = SplitMix64(state: 9)
    for count in [1, 2, 5, 63, 64, 65, 200, 1000] {
      let rows = (0..<count).flatMap { [Float($0), Float(-$0)] }
      var whole = EvenSample(width: 2, limit: limit)
      rows.withUnsafeBufferPointer { whole.observe($0) }
      var parts = EvenSample(width: 2, limit: limit)
      var rest = rows[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(2 * Int.random(in: 1...9, using: &random)))
        piece.withUnsafeBufferPointer { parts.observe($0) }
        rest = rest.dropFirst(piece.count)
      }
      #expect(parts.rows == whole.rows)
      let kept = stride(from: 0, to: whole.rows.count, by: 2).map { Int(whole.rows[$0]) }
      #expect(kept.count <= limit && kept.count >= min(count, (limit + 1) / 2))
      let steps = Set(zip(kept, kept.dropFirst()).map { $1 - $0 })
      #expect(kept[0] == 0 && steps.count <= 1)
      // The rows after the last one are fewer than a step.
      if let step = steps.first { #expect(count - 1 - kept[kept.count - 1] < step) }
    }
  }
}
