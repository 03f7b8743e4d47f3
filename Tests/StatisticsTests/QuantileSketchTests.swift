import ActFormats
import ActStatistics
import Testing

/// Sketched quantiles: the stated error of rank.
@Suite struct QuantileSketchTests {
  enum Order: CaseIterable { case ascending, descending, random, constant, few, zigzag, blocks }

  private func values(_ order: Order, _ count: Int) -> [Float] {
    var random = SplitMix64(state: UInt64(count))
    return (0..<count).map { index in
      switch order {
      case .ascending: Float(index)
      case .descending: Float(-index)
      case .random: Float.random(in: -1...1, using: &random)
      case .constant: 3
      case .few: Float(Int.random(in: 0..<5, using: &random))
      case .zigzag: Float(index % 2 == 0 ? index : -index)
      case .blocks: Float((index / 64) % 2 == 0 ? index : count - index)
      }
    }
  }

  private func sorted(_ sketch: QuantileSketch, _ channel: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: sketch.count) { buffer, count in
      sketch.sorted(channel, into: UnsafeMutableBufferPointer(rebasing: buffer[..<sketch.count]))
      count = sketch.count
    }
  }

  /// The largest difference between the number of samples below a value, or up to it, and the same by the sketch.
  private func rankError(_ sketched: [Double], _ values: [Float]) -> Int {
    let exact = values.map { Double($0) }.sorted()
    func count(_ sorted: [Double], _ isBefore: (Double) -> Bool) -> Int {
      var (low, high) = (0, sorted.count)
      while low < high {
        let middle = (low + high) / 2
        if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return stride(from: 0, to: exact.count, by: max(1, exact.count / 500)).map { index in
      let value = exact[index]
      return max(
        abs(count(sketched) { $0 < value } - count(exact) { $0 < value }),
        abs(count(sketched) { $0 <= value } - count(exact) { $0 <= value }))
    }.max() ?? 0
  }

  @Test(arguments: Order.allCases, [1, 63, 64, 65, 1000, 40_000])
  func ranksAreWithinTheBound(order: Order, count: Int) {
    let capacity = 64
    let columns = [values(order, count), values(.random, count), values(order, count).map { -$0 }]
    var sketch = QuantileSketch(width: 3, capacity: capacity)
    sketch.observe((0..<count).flatMap { row in columns.map { $0[row] } })
    let levels = QuantileSketch.levelCount(rows: count, capacity: capacity)
    #expect(sketch.count == count)
    #expect(sketch.rankErrorBound <= count * levels / capacity)
    #expect(sketch.keptCount <= (levels + 1) * capacity)
    for (channel, values) in columns.enumerated() {
      let sketched = sorted(sketch, channel)
      #expect(sketched.count == count && zip(sketched, sketched.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(rankError(sketched, values) <= sketch.rankErrorBound)
      if count < capacity { #expect(sketched == values.map { Double($0) }.sorted()) }
    }
  }

  @Test(arguments: [[10, 3000, 1], [64, 64, 64, 64], [5000, 5000]])
  func mergedSketchesKeepTheBound(counts: [Int]) {
    var merged = QuantileSketch(width: 1, capacity: 64)
    var all: [Float] = []
    for (index, count) in counts.enumerated() {
      let values = values(index % 2 == 0 ? .random : .zigzag, count)
      var part = QuantileSketch(width: 1, capacity: 64)
      part.observe(values)
      merged.merge(part)
      all += values
    }
    #expect(merged.count == all.count)
    #expect(rankError(sorted(merged, 0), all) <= merged.rankErrorBound)
    #expect(merged.rankErrorBound <= all.count * 8 / 64)
  }

  /// The same sketch, however the rows come and whoever sorts them.
  @Test func piecesDoNotMatter() {
    let values = values(.random, 20 * 1000)
    var (whole, pieces) = (
      QuantileSketch(width: 20, capacity: 32), QuantileSketch(width: 20, capacity: 32)
    )
    whole.observe(values)
    var start = 0
    for rows in [1, 31, 32, 33, 500, 403] {
      pieces.observe(
        Array(values[start * 20..<(start + rows) * 20]),
        using: ConcurrentLoop { count, body in for index in (0..<count).reversed() { body(index) } })
      start += rows
    }
    for channel in 0..<20 { #expect(sorted(whole, channel) == sorted(pieces, channel)) }
  }
}
