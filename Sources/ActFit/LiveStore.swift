import ActFormats
import ActPasses
import Glibc

/// The values that all samples carry from one segment to the next: a record of floats for each token.
///
/// A batch's records lie together, its values one after another as matrices `[rows of the batch, columns]`. A segment
/// reads a batch's values, then writes its results over them. The first batches lie in memory, those that it has no
/// room for in a file.
package final class LiveStore {
  private let base: UnsafeMutableRawPointer
  /// Bytes in memory; records from here on lie in the file.
  private let residentCount: Int
  private let file: SpillFile?
  /// For each batch the offset of its records in bytes, and its rows.
  private let places: [(offset: Int, rows: Int)]

  /// Bytes in the file.
  package let spilledCount: Int

  /// Makes room for records of `width` floats for every token of `batches`.
  ///
  /// - Parameters:
  ///   - batches: all batches of the data.
  ///   - width: floats of a record.
  ///   - memory: the most bytes to keep in memory.
  ///   - directory: where the rest is kept; nil: nowhere.
  /// - Throws: `FitError` where memory cannot be had, `FileError` where the file cannot.
  package init(_ batches: [Batch], width: Int, memory: Int, directory: String?) throws {
    var places: [(offset: Int, rows: Int)] = []
    var offset = 0
    var resident = 0
    for batch in batches {
      places.append((offset, batch.rowCount))
      let (bytes, overflow) = batch.rowCount.multipliedReportingOverflow(by: width * 4)
      let (end, overflowOfSum) = offset.addingReportingOverflow(bytes)
      guard !overflow, !overflowOfSum else { throw FitError("more tokens than can be addressed") }
      offset = end
      if end <= memory { resident = end }
    }
    if resident < offset, directory == nil {
      throw FitError("the samples' values take \(offset) bytes; \(memory) are allowed")
    }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let base = mmap(nil, max(resident, 1), PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let base, base != MAP_FAILED else {
      throw FitError("cannot reserve \(resident) bytes of memory: \(String(cString: strerror(errno)))")
    }
    self.places = places
    self.base = base
    residentCount = resident
    spilledCount = offset - resident
    do {
      file = try directory.flatMap { spilled in
        resident < offset ? try SpillFile(in: spilled, byteCount: offset - resident) : nil
      }
    } catch {
      munmap(base, max(resident, 1))
      throw error
    }
  }

  deinit { munmap(base, max(residentCount, 1)) }

  private func place(_ batch: Batch, _ columns: Range<Int>) -> (offset: Int, byteCount: Int) {
    let (offset, rows) = places[batch.index]
    return (offset + columns.lowerBound * rows * 4, columns.count * rows * 4)
  }

  /// Copies a value of a batch, `columns` of its records, to `[rows, columns.count]`.
  package func read(_ batch: Batch, _ columns: Range<Int>, into values: UnsafeMutablePointer<Float>) throws {
    let (offset, byteCount) = place(batch, columns)
    let bytes = UnsafeMutableRawBufferPointer(start: values, count: byteCount)
    if let file, places[batch.index].offset >= residentCount {
      try file.read(bytes, at: offset - residentCount)
    } else {
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: base + offset, count: byteCount))
    }
  }

  /// Copies `[rows, columns.count]` to a value of a batch.
  package func write(_ batch: Batch, _ columns: Range<Int>, from values: UnsafePointer<Float>) throws {
    let (offset, byteCount) = place(batch, columns)
    let bytes = UnsafeRawBufferPointer(start: values, count: byteCount)
    if let file, places[batch.index].offset >= residentCount {
      try file.write(bytes, at: offset - residentCount)
    } else {
      (base + offset).copyMemory(from: values, byteCount: byteCount)
    }
  }
}
