import ActIR
import ActKernels

/// Keys and values of a call's own entries, in a block of the arena: all keys, then all values, each in runs of
/// positions of which an entry's last is not full.
struct PackedKeyValues {
  let keyValues: KeyValues
  let base: UnsafeMutableRawPointer
  /// Where each entry's lie, as kernels read it.
  let table: KeyValueTable
  /// The rows that they are of.
  let kind: RowKind
  /// Of how many rows and entries there is room for.
  let rows, entries: Int

  /// Gives each of the entries its place, one after the other.
  func place(_ sizes: [EntrySize]) {
    let (size, values) = (runByteCount, valueOffset)
    var runs = 0
    for (entry, entrySize) in sizes.enumerated() {
      table.keys[entry] = base + runs * size
      table.values[entry] = base + values + runs * size
      runs += KeyValues.blockCount(of: entrySize.count(kind))
    }
  }

  /// Bytes of a run of positions, of keys or of values.
  private var runByteCount: Int {
    act_cache_bytes(
      keyValues.element.kernelType, Int64(KeyValues.blockPositions), Int32(keyValues.heads),
      Int32(keyValues.headWidth))
  }

  /// Where the values begin, in bytes after the keys.
  private var valueOffset: Int { runByteCount * (rows / KeyValues.blockPositions + entries) }

  /// The bytes that the keys of entries take, and those that their values do.
  func memory(of sizes: [EntrySize]) -> [UnsafeMutableRawBufferPointer] {
    let runs = sizes.reduce(0) { $0 + KeyValues.blockCount(of: $1.count(kind)) }
    return [0, valueOffset].map { .init(start: base + $0, count: runs * runByteCount) }
  }
}
