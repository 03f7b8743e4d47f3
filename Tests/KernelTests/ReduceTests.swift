import ActKernels
import Glibc
import Testing

@Suite struct ReduceTests {
  private static let widths = [1, 5, 16, 31, 64, 255, 1024, 1537, 4096]

  private func reduce(
    _ level: Level, _ reduction: act_reduction, _ x: [Float], columns: Int, gap: Int = 0, workers: Int = 1
  ) -> [Float] {
    let rows = (x.count + gap) / (columns + gap)
    let source = Guarded(x)
    let out = Guarded<Float>(repeating: -77, count: 2 * rows - 1)
    let args = act_reduce_args(
      out: out.pointer, out_stride: 2, x: source.pointer, x_row_stride: columns + gap, rows: Int32(rows),
      columns: Int32(columns), reduction: Int32(reduction.rawValue))
    call(level.kernels.reduce, args, keeping: [source, out], workers: workers)
    for i in stride(from: 1, to: out.count, by: 2) { #expect(out.pointer[i] == -77) }
    return stride(from: 0, to: out.count, by: 2).map { out.pointer[$0] }
  }

  @Test(arguments: Level.all, widths)
  func sumsAndExtremesMatchReference(level: Level, columns: Int) {
    let (rows, gap) = (7, 3)
    for range: ClosedRange<Float> in [0...1, -3...5, 7...7, -2 ... -1] {
      var noise = Noise(columns)
      let x = noise.floats(rows * (columns + gap) - gap, range)
      let expected = (0..<rows).map { row in
        x[row * (columns + gap)..<row * (columns + gap) + columns].map(Double.init)
      }
      func check(_ reduction: act_reduction, within bound: Double, _ value: ([Double]) -> Double) {
        let actual = reduce(level, reduction, x, columns: columns, gap: gap, workers: 3)
        for (actual, row) in zip(actual, expected) {
          let size = row.reduce(0) { $0 + abs($1) } * (reduction == ACT_REDUCE_SUM ? 1 : 1 / Double(columns))
          #expect(abs(Double(actual) - value(row)) <= bound * size, "\(reduction.rawValue), \(range)")
        }
        #expect(bits(reduce(level, reduction, x, columns: columns, gap: gap)) == bits(actual))
      }
      check(ACT_REDUCE_SUM, within: 1e-6) { $0.reduce(0, +) }
      check(ACT_REDUCE_MEAN, within: 1e-6) { $0.reduce(0, +) / Double(columns) }
      check(ACT_REDUCE_MAX, within: 0) { $0.max()! }
      check(ACT_REDUCE_MIN, within: 0) { $0.min()! }
    }
  }

  @Test(arguments: Level.all, widths)
  func notANumberReachesTheResult(level: Level, columns: Int) {
    for place in Set([0, columns / 2, columns - 1]) {
      var x = [Float](repeating: 1, count: columns)
      x[place] = .nan
      for reduction in [ACT_REDUCE_SUM, ACT_REDUCE_MEAN, ACT_REDUCE_MAX, ACT_REDUCE_MIN] {
        #expect(reduce(level, reduction, x, columns: columns)[0].isNaN)
      }
      x[place] = -.infinity
      #expect(reduce(level, ACT_REDUCE_SUM, x, columns: columns) == [-.infinity])
      #expect(reduce(level, ACT_REDUCE_MAX, x, columns: columns) == [columns == 1 ? -.infinity : 1])
      #expect(reduce(level, ACT_REDUCE_MIN, x, columns: columns) == [-.infinity])
    }
  }

  private func softmax(
    _ level: Level, _ x: [Float], columns: Int, inPlace: Bool = false, workers: Int = 1
  ) -> [Float] {
    let source = Guarded(x)
    let out = inPlace ? source : Guarded<Float>(repeating: .nan, count: x.count)
    let args = act_softmax_args(
      out: out.pointer, out_row_stride: columns, x: source.pointer, x_row_stride: columns,
      rows: Int32(x.count / columns), columns: Int32(columns))
    call(level.kernels.softmax, args, keeping: [source, out], workers: workers)
    return out.array
  }

  @Test(arguments: Level.all, widths)
  func softmaxMatchesReference(level: Level, columns: Int) {
    let rows = 5
    for range: ClosedRange<Float> in [-1...1, -80...90, 1e30...1e30] {
      var noise = Noise(columns)
      let x = noise.floats(rows * columns, range)
      let actual = softmax(level, x, columns: columns)
      for row in 0..<rows {
        let values = x[row * columns..<(row + 1) * columns].map(Double.init)
        let weights = values.map { exp($0 - values.max()!) }
        let total = weights.reduce(0, +)
        for (i, weight) in weights.enumerated() {
          let expected = weight / total
          // The difference from the largest is rounded.
          let bound = 1e-6 + 0x1p-24 * abs(values[i] - values.max()!)
          #expect(abs(Double(actual[row * columns + i]) - expected) <= bound * expected + 1e-44)
        }
      }
      #expect(bits(softmax(level, x, columns: columns, inPlace: true, workers: 3)) == bits(actual))
      #expect(
        bits(softmax(level, Array(x.suffix(columns)), columns: columns)) == bits(actual.suffix(columns)))
    }
  }

  @Test(arguments: Level.all)
  func softmaxOfInfinities(level: Level) {
    #expect(softmax(level, [-.infinity, 0, -.infinity], columns: 3) == [0, 1, 0])
    #expect(softmax(level, [-.infinity, -.infinity], columns: 2).allSatisfy { $0.isNaN })
    #expect(softmax(level, [1, .nan, 2], columns: 3).allSatisfy { $0.isNaN })
  }
}
