import ActFormats

/// The merges of a byte-pair model: for a pair of token ids, the merge's rank and the id that it makes.
struct MergeTable: Sendable {
  struct Merge: Sendable {
    /// The lower the rank, the earlier the merge happens.
    var rank: UInt32
    var id: Int32
  }

  private var keys: [UInt64]
  private var merges: [Merge]
  private let seed = UInt64.random(in: .min ... .max)
  private static let free = UInt64.max

  /// An empty table for at most `capacity` merges.
  init(capacity: Int) {
    var slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    keys = [UInt64](repeating: MergeTable.free, count: slotCount)
    merges = [Merge](repeating: Merge(rank: 0, id: 0), count: slotCount)
  }

  /// The merge of `left` and `right`, or nil where they do not merge. Of merges given twice, the last counts.
  subscript(left: Int32, right: Int32) -> Merge? {
    get {
      let key = MergeTable.key(left, right)
      let slot = slot(key)
      return keys[slot] == key ? merges[slot] : nil
    }
    set {
      guard let newValue else { return }
      let key = MergeTable.key(left, right)
      let slot = slot(key)
      keys[slot] = key
      merges[slot] = newValue
    }
  }

  /// All merges, lowest rank first.
  var byRank: [(left: Int32, right: Int32, id: Int32)] {
    keys.indices.filter { keys[$0] != MergeTable.free }
      .sorted { merges[$0].rank < merges[$1].rank }
      .map { slot in
        let (left, right) = (UInt32(keys[slot] >> 32), UInt32(truncatingIfNeeded: keys[slot]))
        return (Int32(bitPattern: left), Int32(bitPattern: right), merges[slot].id)
      }
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(_ key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: mixed(key, seed)) & (keys.count - 1)
    while keys[slot] != key, keys[slot] != MergeTable.free { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }
}
