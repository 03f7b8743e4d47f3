import ActPlan

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
