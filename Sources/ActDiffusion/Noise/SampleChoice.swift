extension SampleNoise {
  /// Some of `total` things, all different, in the order in which they are drawn: of a seed and a sample always the
  /// same, and independent of its noise.
  ///
  /// Fisher and Yates's shuffle, as far as it is needed: at place `j` the thing at `j + ⌊w · (total − j) / 2⁶⁴⌋` is
  /// taken, where `w` are the first 64 bits of ``Philox`` at the counter (j, 0, k, 2³² − 1).
  ///
  /// - Parameters:
  ///   - count: how many; at most `total`.
  ///   - total: how many there are.
  /// - Returns: their indices.
  package func choice(_ count: Int, of total: Int) -> [Int] {
    precondition((0...total).contains(count))
    var indices = Array(0..<total)
    for place in 0..<count {
      let word = word(UInt32(truncatingIfNeeded: place), draw: .max)
      indices.swapAt(place, place + Int(word.multipliedFullWidth(by: UInt64(total - place)).high))
    }
    return Array(indices.prefix(count))
  }
}
