import ActIR
import ActKernels

/// Keys and values of a call's own entries, in a block of the arena: all keys, then all values, each in runs of
/// positions of which an entry's last is not full.
struct PackedKeyValues {
  let keyValues: KeyValues
  let base: UnsafeMutableRawPointer
  /// Where each entry's lie, as kernels read it.
  let table: KeyValueTable
  /// Of how many rows and entries there is room for.
  let rows, entries: Int

  /// Gives an entry its place behind `runs` runs of positions of the entries before it; returns those up to its end.
  func place(_ entry: Int, rows count: Int, behind runs: Int) -> Int {
    let size = act_cache_bytes(
      keyValues.element.kernelType, Int64(KeyValues.blockPositions), Int32(keyValues.heads),
      Int32(keyValues.headWidth))
    let values = size * (rows / KeyValues.blockPositions + entries)
    table.keys[entry] = base + runs * size
    table.values[entry] = base + values + runs * size
    return runs + (count + KeyValues.blockPositions - 1) / KeyValues.blockPositions
  }
}
