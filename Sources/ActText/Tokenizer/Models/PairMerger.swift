/// Merges the symbols of a word, lowest rank first and leftmost among equals, in O(n log n).
struct PairMerger {
  private static let gone: Int32 = -1

  private(set) var symbols: [Int32] = []
  private var previous: [Int32] = []
  private var following: [Int32] = []
  private var queue = MinimumHeap()

  mutating func removeAll() { symbols.removeAll(keepingCapacity: true) }

  mutating func append(_ symbol: Int32) { symbols.append(symbol) }

  /// Merges all symbols as far as `merges` goes and appends what remains to `out`.
  mutating func merge(by merges: MergeTable, into out: inout [Int32]) {
    let count = symbols.count
    if count < 2 {
      out.append(contentsOf: symbols)
      return
    }
    previous.removeAll(keepingCapacity: true)
    following.removeAll(keepingCapacity: true)
    for position in 0..<count {
      previous.append(Int32(position - 1))
      following.append(position + 1 < count ? Int32(position + 1) : -1)
      if position + 1 < count { enqueue(position, merges) }
    }
    while let entry = queue.popMinimum() {
      let position = Int(entry & 0xFFFF_FFFF)
      // An entry is stale when one of its two symbols has since merged with another.
      guard symbols[position] != PairMerger.gone, following[position] >= 0 else { continue }
      let next = Int(following[position])
      guard let merge = merges[symbols[position], symbols[next]], UInt64(merge.rank) == entry >> 32 else {
        continue
      }
      symbols[position] = merge.id
      symbols[next] = PairMerger.gone
      following[position] = following[next]
      if following[next] >= 0 {
        previous[Int(following[next])] = Int32(position)
        enqueue(position, merges)
      }
      if previous[position] >= 0 { enqueue(Int(previous[position]), merges) }
    }
    for symbol in symbols where symbol != PairMerger.gone { out.append(symbol) }
  }

  private mutating func enqueue(_ position: Int, _ merges: MergeTable) {
    guard let merge = merges[symbols[position], symbols[Int(following[position])]] else { return }
    queue.push(UInt64(merge.rank) << 32 | UInt64(position))
  }
}

/// A binary heap that yields the smallest key first.
struct MinimumHeap {
  private var keys: [UInt64] = []

  mutating func push(_ key: UInt64) {
    keys.append(key)
    var child = keys.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if keys[parent] <= key { break }
      keys[child] = keys[parent]
      child = parent
    }
    keys[child] = key
  }

  mutating func popMinimum() -> UInt64? {
    guard let minimum = keys.first, let last = keys.popLast() else { return nil }
    if keys.isEmpty { return minimum }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= keys.count { break }
      if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
      if keys[child] >= last { break }
      keys[parent] = keys[child]
      parent = child
    }
    keys[parent] = last
    return minimum
  }
}
