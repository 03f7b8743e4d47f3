import Glibc

/// The normal noise of a sample: of a seed, always the same, whatever else is drawn.
///
/// Numbers `2i` and `2i + 1` of draw `d` of sample `k` come from the words of ``Philox`` under the seed, low half first,
/// at the counter (low half of i, high half of i, k, d): two of 53 bits, of which Box and Muller's method makes two
/// normal ones in double precision. So sample `k` has the same noise in every batch, and each of its draws another.
package struct SampleNoise: Sendable {
  private let generator: Philox
  private let sample: UInt32

  /// - Parameters:
  ///   - seed: tells runs apart.
  ///   - sample: the index of the sample in the run.
  package init(seed: UInt64, sample: Int) {
    generator = Philox(key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    self.sample = UInt32(truncatingIfNeeded: sample)
  }

  /// So many numbers of mean 0 and variance 1.
  ///
  /// - Parameters:
  ///   - draw: 0 for the first latents, `i + 1` for the noise of step `i`.
  ///   - count: how many; fewer are the first of more.
  /// - Returns: the numbers.
  package func draw(_ draw: Int, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { out, initialized in
      for pair in 0..<(count + 1) / 2 {
        let counter = UInt64(pair)
        let words = generator.words(
          (
            UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), sample,
            UInt32(truncatingIfNeeded: draw)
          ))
        // Above 0, whose logarithm is not finite.
        let radius = (-2 * log(1 - Self.unit(words.0, words.1))).squareRoot()
        let angle = 2 * Double.pi * Self.unit(words.2, words.3)
        out[2 * pair] = Float(radius * cos(angle))
        if 2 * pair + 1 < count { out[2 * pair + 1] = Float(radius * sin(angle)) }
      }
      initialized = count
    }
  }

  /// The first 64 bits at a place of a draw.
  func word(_ place: UInt32, draw: UInt32) -> UInt64 {
    let words = generator.words((place, 0, sample, draw))
    return UInt64(words.1) << 32 | UInt64(words.0)
  }

  /// A number from 0 to below 1, of 53 bits.
  private static func unit(_ low: UInt32, _ high: UInt32) -> Double {
    Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
  }
}
