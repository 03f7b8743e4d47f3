/// A view of bytes that somebody else owns: a text, a word, a token.
@usableFromInline package typealias ByteView = UnsafeBufferPointer<UInt8>

/// A set of byte strings, numbered 0, 1, 2 … in the order of their insertion.
///
/// All strings lie in one block, and the hash is seeded per table, so that a vocabulary of 50,000 tokens
/// costs no allocation per token and a hostile one cannot choose its collisions.
package struct ByteStringTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// The upper half of a slot is the upper half of the hash, the lower half the string's number plus one.
  private var slots: [UInt64]
  private var seed = UInt64.random(in: .min ... .max)

  /// An empty table with room for `capacity` strings of `byteCount` bytes in all before it must grow.
  package init(capacity: Int, byteCount: Int = 0) {
    var slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    slots = [UInt64](repeating: 0, count: slotCount)
    ends.reserveCapacity(capacity)
    bytes.reserveCapacity(byteCount)
  }

  package var count: Int { ends.count }

  /// The bytes of string number `index`.
  package subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  /// The number of the string equal to `key`, or nil.
  package func index(of key: ByteView) -> Int? {
    let hash = hash(key)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      if let index = match(slots[slot], hash, key) { return index }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  package func index(of key: some StringProtocol) -> Int? { key.withBytes { index(of: $0) } }

  /// Adds `key`, if it is new; its number and whether it was new.
  package mutating func insert(_ key: ByteView) -> (index: Int, isNew: Bool) {
    if (ends.count + 1) * 2 > slots.count { grow() }
    let hash = hash(key)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      if let index = match(slots[slot], hash, key) { return (index, false) }
      slot = (slot + 1) & (slots.count - 1)
    }
    bytes.append(contentsOf: key)
    ends.append(bytes.count)
    slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(ends.count)
    return (ends.count - 1, true)
  }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    for slot in slots.indices { slots[slot] = 0 }
  }

  private func match(_ slot: UInt64, _ hash: UInt64, _ key: ByteView) -> Int? {
    guard (slot ^ hash) >> 32 == 0 else { return nil }
    let index = Int(slot & 0xFFFF_FFFF) - 1
    let start = index == 0 ? 0 : ends[index - 1]
    guard ends[index] - start == key.count else { return nil }
    for offset in 0..<key.count where bytes[start + offset] != key[offset] { return nil }
    return index
  }

  private mutating func grow() {
    var grown = [UInt64](repeating: 0, count: slots.count * 2)
    for index in 0..<ends.count {
      let hash = self[index].withUnsafeBufferPointer { self.hash($0) }
      var slot = Int(truncatingIfNeeded: hash) & (grown.count - 1)
      while grown[slot] != 0 { slot = (slot + 1) & (grown.count - 1) }
      grown[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(index + 1)
    }
    slots = grown
  }

  private func hash(_ key: ByteView) -> UInt64 {
    let raw = UnsafeRawBufferPointer(key)
    var hash = seed ^ UInt64(truncatingIfNeeded: key.count)
    var offset = 0
    while offset + 8 <= raw.count {
      hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), seed)
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < raw.count {
      tail = tail << 8 | UInt64(raw[offset])
      offset += 1
    }
    return mixed(hash ^ tail, seed)
  }
}

/// A well spread 64-bit hash of `value`: both halves of its product with an odd constant that `seed` chose.
@inlinable package func mixed(_ value: UInt64, _ seed: UInt64) -> UInt64 {
  let product = (value ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: seed | 1)
  let folded = product.high ^ product.low
  return folded ^ folded >> 29
}

extension StringProtocol {
  /// Calls `body` with the text's UTF-8.
  @inlinable package func withBytes<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    try utf8.withContiguousStorageIfAvailable(body) ?? Array(utf8).withUnsafeBufferPointer(body)
  }
}
