/// Philox 4×32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four random
/// words for every counter under a key, without a state, so that any of them can be had in any order.
package struct Philox: Sendable {
  package typealias Words = (UInt32, UInt32, UInt32, UInt32)

  package let key: (UInt32, UInt32)

  package init(key: (UInt32, UInt32)) { self.key = key }

  /// The words of a counter.
  package func words(_ counter: Words) -> Words {
    var (c, key) = (counter, key)
    for round in 0..<10 {
      if round > 0 { key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85) }
      let (a, b) = (UInt64(c.0) * 0xD251_1F53, UInt64(c.2) * 0xCD9E_8D57)
      c = (
        UInt32(b >> 32) ^ c.1 ^ key.0, UInt32(truncatingIfNeeded: b), UInt32(a >> 32) ^ c.3 ^ key.1,
        UInt32(truncatingIfNeeded: a)
      )
    }
    return c
  }
}
