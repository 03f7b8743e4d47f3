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

  /// Gives each of the entries its place, one behind the other.
  func place(_ sizes: [EntrySize]) {
    let size = act_cache_bytes(
      keyValues.element.kernelType, Int64(KeyValues.blockPositions), Int32(keyValues.heads),
      Int32(keyValues.headWidth))
    let values = size * (rows / KeyValues.blockPositions + entries)
    var runs = 0
    for (entry, entrySize) in sizes.enumerated() {
      table.keys[entry] = base + runs * size
      table.values[entry] = base + values + runs * size
      runs += KeyValues.blockCount(of: entrySize.count(kind))
    }
  }
}
