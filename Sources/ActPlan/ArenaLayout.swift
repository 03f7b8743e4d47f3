/// A buffer's size and the steps between which it must keep its bytes, both ends included.
package struct BufferLifetime: Hashable, Sendable {
  package var byteCount: Int
  package var steps: ClosedRange<Int>

  package init(byteCount: Int, steps: ClosedRange<Int>) {
    self.byteCount = byteCount
    self.steps = steps
  }
}

/// The offsets of buffers in one block.
package struct ArenaLayout: Hashable, Sendable {
  /// Byte offsets, in the order of the lifetimes given.
  package var offsets: [Int]
  package var byteCount: Int

  package init(offsets: [Int], byteCount: Int) {
    self.offsets = offsets
    self.byteCount = byteCount
  }
}

/// Buffers begin on cache lines.
package let bufferAlignment = 64

/// A number of bytes rounded up to whole cache lines.
package func aligned(_ byteCount: Int) -> Int {
  (byteCount + bufferAlignment - 1) / bufferAlignment * bufferAlignment
}

/// The most bytes alive at one step, below which no layout can go.
package func arenaBound(_ lifetimes: [BufferLifetime]) -> Int {
  var change: [Int: Int] = [:]
  for lifetime in lifetimes {
    change[lifetime.steps.lowerBound, default: 0] += aligned(lifetime.byteCount)
    change[lifetime.steps.upperBound + 1, default: 0] -= aligned(lifetime.byteCount)
  }
  var (alive, peak) = (0, 0)
  for step in change.keys.sorted() {
    alive += change[step]!
    peak = max(peak, alive)
  }
  return peak
}

extension ArenaLayout {
  /// Two buffers that share a byte while both are alive, or nil.
  package func firstOverlap(_ lifetimes: [BufferLifetime]) -> (Int, Int)? {
    let byOffset = lifetimes.indices.sorted { (offsets[$0], $0) < (offsets[$1], $1) }
    for (position, i) in byOffset.enumerated() {
      for j in byOffset[(position + 1)...] {
        if offsets[j] >= offsets[i] + lifetimes[i].byteCount { break }
        if lifetimes[i].steps.overlaps(lifetimes[j].steps), lifetimes[j].byteCount > 0 { return (i, j) }
      }
    }
    return nil
  }
}
