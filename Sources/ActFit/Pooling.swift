extension FitOptions {
  /// What stands for a sequence: the samples that the activations of its tokens become.
  public enum Pooling: String, Hashable, Sendable, CaseIterable {
    /// One sample: the mean over the tokens, channel by channel, summed in double.
    case mean
  }
}

extension FitOptions.Pooling {
  /// How many samples a sequence of `count` pooled tokens becomes.
  func sampleCount(tokens count: Int) -> Int {
    switch self {
    case .mean: 1
    }
  }

  /// Pools one sequence: `rows: [count, width] -> samples: [sampleCount(tokens: count), width]`.
  func pool(
    _ rows: UnsafePointer<Float>, count: Int, width: Int, into samples: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .mean: Self.mean(rows, count: count, width: width, into: samples)
    }
  }

  private static func mean(
    _ rows: UnsafePointer<Float>, count: Int, width: Int, into sample: UnsafeMutablePointer<Float>
  ) {
    let lanes = SIMD16<Float>.scalarCount
    let block = UnsafeRawPointer(rows)
    for first in stride(from: 0, to: width - width % lanes, by: lanes) {
      var sum = SIMD16<Double>.zero
      for row in 0..<count {
        let values = block.loadUnaligned(fromByteOffset: (row * width + first) * 4, as: SIMD16<Float>.self)
        sum += SIMD16<Double>(values)
      }
      let mean = SIMD16<Float>(sum / Double(count))
      UnsafeMutableRawPointer(sample).storeBytes(of: mean, toByteOffset: first * 4, as: SIMD16<Float>.self)
    }
    for channel in width - width % lanes..<width {
      var sum = 0.0
      for row in 0..<count { sum += Double(rows[row * width + channel]) }
      sample[channel] = Float(sum / Double(count))
    }
  }
}
