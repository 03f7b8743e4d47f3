import ActKernels
import Testing

@Suite struct MomentsTests {
  /// Entries, their rows, and channels.
  static let shapes = [
    (1, 1, 1), (3, 1, 37), (2, 5, 16), (1, 33, 130), (2, 31, 64), (3, 257, 21), (1, 100, 1100), (7, 12, 3),
    (1, 4096, 8),
  ]

  private func moments(
    _ level: Level, _ x: Guarded<Float>, _ shape: (Int, Int, Int), gap: Int = 0, workers: Int = 1
  ) -> [Float] {
    let (batch, rows, channels) = shape
    let out = Guarded<Float>(repeating: .infinity, count: batch * 2 * channels)
    let args = act_moments_args(
      out: out.pointer, out_row_stride: channels, x: x.pointer, x_row_stride: channels + gap,
      batch: Int32(batch), rows: Int32(rows), channels: Int32(channels))
    call(level.kernels.moments, args, keeping: [x, out], workers: workers)
    return out.array
  }

  /// Means and variances in double, each variance from what the values differ from the mean by.
  private func expected(_ x: Guarded<Float>, _ shape: (Int, Int, Int), gap: Int = 0) -> [Double] {
    let (batch, rows, channels) = shape
    var expected = [Double](repeating: 0, count: batch * 2 * channels)
    for entry in 0..<batch {
      for channel in 0..<channels {
        let values = (0..<rows).map {
          Double(x.pointer[(entry * rows + $0) * (channels + gap) + channel])
        }
        let mean = values.reduce(0, +) / Double(rows)
        expected[2 * entry * channels + channel] = mean
        expected[(2 * entry + 1) * channels + channel] =
          values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      }
    }
    return expected
  }

  @Test(arguments: Level.all, shapes)
  func meansAndVariances(level: Level, shape: (Int, Int, Int)) {
    let (batch, rows, channels) = shape
    for gap in [0, 3] {
      var noise = Noise(rows + channels)
      let x = Guarded(noise.floats(batch * rows * (channels + gap) - gap))
      let actual = moments(level, x, shape, gap: gap)
      for (value, expected) in zip(actual, expected(x, shape, gap: gap)) {
        #expect(ulps(value, expected) <= 1 || abs(Double(value) - expected) < 1e-12)
      }
      // The same bits at every level, for any number of workers.
      #expect(bits(actual) == bits(moments(Level.all[0], x, shape, gap: gap)))
      for workers in [2, 3, 7] {
        #expect(bits(moments(level, x, shape, gap: gap, workers: workers)) == bits(actual))
      }
    }
  }

  /// An entry's moments are the same alone.
  @Test(arguments: Level.all) func othersDoNotMatter(level: Level) {
    let (batch, rows, channels) = (3, 50, 70)
    var noise = Noise(5)
    let values = noise.floats(batch * rows * channels)
    let all = moments(level, Guarded(values), (batch, rows, channels), workers: 5)
    for entry in 0..<batch {
      let x = Guarded(Array(values[entry * rows * channels..<(entry + 1) * rows * channels]))
      let alone = moments(level, x, (1, rows, channels))
      #expect(bits(alone) == bits(all[entry * 2 * channels..<(entry + 1) * 2 * channels]))
    }
  }

  /// Of as many pixels as a large picture has, far from 0, nothing is lost; nor by a first row unlike all others.
  @Test(arguments: Level.all) func manyRowsFarFromZero(level: Level) {
    let shape = (1, 1024 * 1024, 3)
    var noise = Noise(7)
    var values = noise.floats(shape.1 * shape.2).map { $0 * 0.01 }
    for row in 0..<shape.1 {
      values[row * 3] += 1000
      values[row * 3 + 1] -= 3
    }
    values[2] = 1e3
    let x = Guarded(values)
    for (value, expected) in zip(moments(level, x, shape), expected(x, shape)) {
      #expect(ulps(value, expected) <= 1)
    }
  }

  @Test(arguments: Level.all) func numbersThatAreNone(level: Level) {
    let x = Guarded<Float>([1, .nan, 2, .infinity, 3, 4, 5, 6, 3e38])
    let values = moments(level, x, (1, 3, 3))
    #expect(values[0].isNaN == false && values[1].isNaN)
    #expect(values[3].isNaN || values[3].isInfinite)
    #expect(values[4].isNaN)
    // A variance beyond f32 is infinite.
    #expect(values[5] == .infinity)
  }
}
