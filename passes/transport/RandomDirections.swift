import ActFormats
import ActStatistics
import Glibc

/// Random directions, the same from a seed on every machine.
///
/// Normal numbers come in pairs from two outputs a and b of SplitMix64 by Box and Muller: with u = (⌊a / 2¹¹⌋ + 1) / 2⁵³
/// and v = ⌊b / 2¹¹⌋ / 2⁵³ they are √(−2 ln u) · cos 2πv and √(−2 ln u) · sin 2πv.
struct RandomDirections {
  private var random: SplitMix64
  /// The second number of a pair.
  private var spare: Double?

  init(seed: Int) { random = SplitMix64(state: UInt64(bitPattern: Int64(seed))) }

  /// Orthonormal directions, a row each, uniform among all: `[count, width]`, and at most as many as the width.
  mutating func next(_ count: Int, width: Int) throws -> Matrix {
    let rows = min(count, width)
    let numbers = (0..<rows * width).map { _ in normal() }
    return try Matrix(rows: rows, columns: width, numbers).orthonormalRows()
  }

  private mutating func normal() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    let u = Double((random.next() >> 11) + 1) * 0x1p-53
    let angle = Double(random.next() >> 11) * 0x1p-53 * 2 * Double.pi
    let length = (-2 * log(u)).squareRoot()
    spare = length * sin(angle)
    return length * cos(angle)
  }
}
