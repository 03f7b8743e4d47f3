import ActIR

extension Plan {
  /// A cache of every sequence: what it holds, and of how many positions.
  package struct Cache: Hashable, Sendable {
    package var keyValues: KeyValues
    /// How many of the latest positions the rows see that read it; 0: all.
    package var window: Int
    /// The most blocks of positions that a sequence has of it.
    package var blockCount: Int
    /// Whether block b takes the place of block b - `blockCount`, which no row sees any longer.
    package var isRing: Bool

    /// The most blocks that a sequence of `capacity` tokens has of it.
    package func blockCount(capacity: Int) -> Int {
      min(blockCount, KeyValues.blockCount(of: capacity))
    }
  }

  /// What each cache of a sequence holds, by its number.
  ///
  /// A call writes all of its rows before any of them reads. So a cache whose readers all see a window keeps as many
  /// positions as the rows of the largest call see together, in whole blocks; where these are fewer than the context
  /// has, it is a ring.
  package var caches: [Cache] {
    let all = KeyValues.blockCount(of: contextLength)
    let windows = cacheWindows
    let caches = values.indices.compactMap { index -> (number: Int, cache: Cache)? in
      guard case .kvAppend(let keyValues, let number) = values[index].op else { return nil }
      let window = windows[index] ?? 0
      guard (1..<contextLength).contains(window) else {
        return (number, Cache(keyValues: keyValues, window: 0, blockCount: all, isRing: false))
      }
      // Positions that lie anywhere: the first and the last may be the only ones of their blocks.
      let seen = window + (limit("T") ?? 1) - 1
      let kept = (seen - 1 + KeyValues.blockPositions - 1) / KeyValues.blockPositions + 1
      return (
        number,
        Cache(keyValues: keyValues, window: window, blockCount: min(kept, all), isRing: kept < all)
      )
    }
    return caches.sorted { $0.number < $1.number }.map(\.cache)
  }

  /// For keys and values that only attention of windows reads, the widest of these.
  private var cacheWindows: [Int: Int] {
    var windows: [Int: Int] = [:]
    var readByAll: Set<Int> = []
    for value in values {
      for input in value.inputs where values[input].type.dtype.keyValueElement != nil {
        if case .attention(let attention) = value.op, attention.window > 0, attention.visible == .causal {
          windows[input] = max(windows[input] ?? 0, attention.window)
        } else {
          readByAll.insert(input)
        }
      }
    }
    return windows.filter { !readByAll.contains($0.key) }
  }

  /// Bytes of keys and values of a sequence of `capacity` tokens, once all of them have been read; nil where they overflow.
  package func cacheByteCount(capacity: Int) -> Int? {
    var count = 0
    for cache in caches {
      guard let bytes = cache.keyValues.byteCount(blocks: cache.blockCount(capacity: capacity)) else {
        return nil
      }
      let (sum, overflow) = count.addingReportingOverflow(bytes)
      guard !overflow else { return nil }
      count = sum
    }
    return count
  }
}
