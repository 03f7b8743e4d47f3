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
}

/// Buffers begin on cache lines.
package let bufferAlignment = 64

func aligned(_ byteCount: Int) -> Int {
  (byteCount + bufferAlignment - 1) / bufferAlignment * bufferAlignment
}

/// Assigns offsets greedily, largest buffer first, into the smallest gap that fits.
///
/// It sees sizes and lifetimes only, and knows nothing of graphs, ops or executors.
package func planArena(_ lifetimes: [BufferLifetime]) -> ArenaLayout {
  var layout = ArenaLayout(offsets: Array(repeating: 0, count: lifetimes.count), byteCount: 0)
  var placed: [Int] = []
  let bySize = lifetimes.indices.sorted {
    (lifetimes[$1].byteCount, $0) < (lifetimes[$0].byteCount, $1)
  }
  for i in bySize {
    let need = aligned(lifetimes[i].byteCount)
    let busy = placed.filter { lifetimes[$0].steps.overlaps(lifetimes[i].steps) }
      .map { (start: layout.offsets[$0], end: layout.offsets[$0] + aligned(lifetimes[$0].byteCount)) }
      .sorted { $0.start < $1.start }
    var best: (offset: Int, gap: Int)?
    var cursor = 0
    for block in busy {
      let gap = block.start - cursor
      if gap >= need, gap < best?.gap ?? .max { best = (cursor, gap) }
      cursor = max(cursor, block.end)
    }
    layout.offsets[i] = best?.offset ?? cursor
    layout.byteCount = max(layout.byteCount, layout.offsets[i] + need)
    placed.append(i)
  }
  return layout
}

/// Gives every buffer bytes of its own.
package func planSeparately(_ lifetimes: [BufferLifetime]) -> ArenaLayout {
  var layout = ArenaLayout(offsets: [], byteCount: 0)
  for lifetime in lifetimes {
    layout.offsets.append(layout.byteCount)
    layout.byteCount += aligned(lifetime.byteCount)
  }
  return layout
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
