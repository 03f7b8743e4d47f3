import ActIR

extension Pooling {
  /// How many samples `count` pooled rows become.
  package func sampleCount(rows count: Int) -> Int {
    switch self {
    case .mean, .last, .min, .max: 1
    case .all: count
    }
  }

  /// Pools the rows of one entry: `rows: [count, width] -> samples: [sampleCount(rows: count), width]`.
  package func pool(
    _ rows: UnsafePointer<Float>, count: Int, width: Int, into samples: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .mean: Self.mean(rows, count: count, width: width, into: samples)
    case .last: samples.update(from: rows + (count - 1) * width, count: width)
    case .min: Self.fold(rows, count: count, width: width, into: samples) { $1 < $0 || $1.isNaN ? $1 : $0 }
    case .max: Self.fold(rows, count: count, width: width, into: samples) { $1 > $0 || $1.isNaN ? $1 : $0 }
    case .all: samples.update(from: rows, count: count * width)
    }
  }

  /// Folds the rows into one, channel by channel. What is not a number stays, so that it is found later.
  @inline(__always)
  private static func fold(
    _ rows: UnsafePointer<Float>, count: Int, width: Int, into sample: UnsafeMutablePointer<Float>,
    _ choose: (Float, Float) -> Float
  ) {
    sample.update(from: rows, count: width)
    for row in 1..<Swift.max(count, 1) {
      let values = rows + row * width
      for channel in 0..<width { sample[channel] = choose(sample[channel], values[channel]) }
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
