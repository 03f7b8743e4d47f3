import ActFormats
import ActIR
import ActPasses
import Glibc

/// The values that all samples carry from one segment to the next: records of floats, one for each row, chosen row or
/// entry.
///
/// A batch's records lie together, its values one after another as matrices `[records of the batch, columns]`. A segment
/// reads a batch's values, then writes its results over them. The first batches lie in memory, those that it has no
/// room for in a file.
package final class LiveStore {
  private let base: UnsafeMutableRawPointer
  /// Bytes in memory; records from here on lie in the file.
  private let residentCount: Int
  private let file: SpillFile?
  /// For each batch the offset of its bytes, and the records of each symbol, which lie one after another.
  private let places: [(offset: Int, records: [String: Records])]

  /// The records that a symbol counts in a batch.
  private struct Records {
    /// In bytes, from the batch's own.
    var offset: Int
    var count: Int
  }

  /// Bytes in the file.
  package let spilledCount: Int

  /// Makes room for the records of `batches`.
  ///
  /// - Parameters:
  ///   - batches: all batches of the data.
  ///   - widths: floats of a record, by the symbol that counts the records.
  ///   - choosesAll: whether chosen rows are all rows; see ``Batch/count(_:choosesAll:)``.
  ///   - memory: the most bytes to keep in memory.
  ///   - directory: where the rest is kept; nil: nowhere.
  /// - Throws: `FitError` where memory cannot be had, `FileError` where the file cannot.
  package init(
    _ batches: [Batch], widths: [String: Int], choosesAll: Bool = false, memory: Int, directory: String?
  ) throws {
    var places: [(offset: Int, records: [String: Records])] = []
    var offset = 0
    var resident = 0
    for batch in batches {
      var records: [String: Records] = [:]
      let start = offset
      for (symbol, width) in widths.sorted(by: { $0.key < $1.key }) {
        let count = batch.count(symbol, choosesAll: choosesAll)
        records[symbol] = Records(offset: offset - start, count: count)
        let (bytes, overflow) = count.multipliedReportingOverflow(by: width * 4)
        let (end, overflowOfSum) = offset.addingReportingOverflow(bytes)
        guard !overflow, !overflowOfSum else { throw FitError("more values than can be addressed") }
        offset = end
      }
      places.append((start, records))
      if offset <= memory { resident = offset }
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

  private func place(_ batch: Batch, _ value: SegmentedGraph.CarriedValue) -> (offset: Int, byteCount: Int) {
    let (offset, records) = places[batch.index]
    guard let records = records[value.symbol] else { preconditionFailure("records of all symbols") }
    return (
      offset + records.offset + value.columns.lowerBound * records.count * 4,
      value.columns.count * records.count * 4
    )
  }

  /// Copies a value of a batch to `[records, columns]`.
  package func read(
    _ batch: Batch, _ value: SegmentedGraph.CarriedValue, into values: UnsafeMutablePointer<Float>
  ) throws {
    let (offset, byteCount) = place(batch, value)
    let bytes = UnsafeMutableRawBufferPointer(start: values, count: byteCount)
    if let file, places[batch.index].offset >= residentCount {
      try file.read(bytes, at: offset - residentCount)
    } else {
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: base + offset, count: byteCount))
    }
  }

  /// Copies `[records, columns]` to a value of a batch.
  package func write(
    _ batch: Batch, _ value: SegmentedGraph.CarriedValue, from values: UnsafePointer<Float>
  ) throws {
    let (offset, byteCount) = place(batch, value)
    let bytes = UnsafeRawBufferPointer(start: values, count: byteCount)
    if let file, places[batch.index].offset >= residentCount {
      try file.write(bytes, at: offset - residentCount)
    } else {
      (base + offset).copyMemory(from: values, byteCount: byteCount)
    }
  }
}
