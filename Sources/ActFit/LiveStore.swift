import ActPasses
import Glibc

/// The values that all samples carry from one segment to the next: a record of floats for each token.
///
/// A batch's records lie together, its values one after another as matrices `[rows of the batch, columns]`. A segment
/// reads a batch's values, then writes its results over them.
final class LiveStore {
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int
  /// For each batch the offset of its records in bytes, and its rows.
  private let places: [(offset: Int, rows: Int)]

  /// Reserves memory for records of `width` floats for every token of `batches`.
  init(_ batches: [Batch], width: Int) throws {
    var places: [(offset: Int, rows: Int)] = []
    var offset = 0
    for batch in batches {
      places.append((offset, batch.rowCount))
      offset += batch.rowCount * width * 4
    }
    self.places = places
    byteCount = max(offset, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      throw FitError("cannot reserve \(byteCount) bytes of memory: \(String(cString: strerror(errno)))")
    }
    self.base = base
  }

  deinit { munmap(base, byteCount) }

  /// Copies a value of a batch, `columns` of its records, to `[rows, columns.count]`.
  func read(_ batch: Batch, _ columns: Range<Int>, into values: UnsafeMutablePointer<Float>) throws {
    let (offset, rows) = places[batch.index]
    let start = base + offset + columns.lowerBound * rows * 4
    UnsafeMutableRawPointer(values).copyMemory(from: start, byteCount: columns.count * rows * 4)
  }

  /// Copies `[rows, columns.count]` to a value of a batch.
  func write(_ batch: Batch, _ columns: Range<Int>, from values: UnsafePointer<Float>) throws {
    let (offset, rows) = places[batch.index]
    let start = base + offset + columns.lowerBound * rows * 4
    start.copyMemory(from: values, byteCount: columns.count * rows * 4)
  }
}
