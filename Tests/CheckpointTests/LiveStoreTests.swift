import ActFit
import ActFormats
import ActPasses
import Testing
import Workbench

/// Values carried between segments, in memory and in a file.
@Suite struct LiveStoreTests {
  private func batches(_ rowCounts: [Int]) -> [Batch] {
    let samples = rowCounts.map { FitSequence([Int32](repeating: 1, count: $0)) }
    return Batch.cut(PairedSequences(source: samples, target: samples), rows: rowCounts.max()!)
  }

  /// Records of 10 floats, 400 bytes a batch of 10 rows: memory for none, one, three or all of eight batches.
  @Test(arguments: [0, 399, 400, 1500, 8 * 400])
  func keepsWhatIsWritten(memory: Int) throws {
    let directory = try TemporaryDirectory()
    let batches = batches([10, 10, 10, 10])
    let store = try LiveStore(batches, width: 10, memory: memory, directory: directory.path)
    #expect(store.spilledCount == (8 - memory / 400) * 400)
    var random = SplitMix64(state: 7)
    let columns = [0..<3, 3..<4, 4..<10]
    var written: [[Float]] = []
    for batch in batches {
      for columns in columns {
        let values = (0..<columns.count * 10).map { _ in Float.random(in: -1...1, using: &random) }
        try store.write(batch, columns, from: values)
        written.append(values)
      }
    }
    // Over one value of each batch, and over nothing else.
    for (index, batch) in batches.enumerated() {
      let values = [Float](repeating: Float(index), count: 10)
      try store.write(batch, columns[1], from: values)
      written[index * 3 + 1] = values
    }
    for (index, batch) in batches.enumerated() {
      for (place, columns) in columns.enumerated() {
        var values = [Float](repeating: .nan, count: columns.count * 10)
        try store.read(batch, columns, into: &values)
        #expect(values == written[index * 3 + place])
      }
    }
    // The file has no name.
    #expect(directory.contents.isEmpty)
  }

  @Test func raggedBatchesAreWholeSamples() {
    let cut = batches([3, 4, 9, 1, 8, 2])
    #expect(cut.map(\.rowCount) == [7, 9, 9, 2, 7, 9, 9, 2])
    #expect(cut.map(\.side) == [.source, .source, .source, .source, .target, .target, .target, .target])
    #expect(cut.map(\.index) == Array(0..<8))
  }

  @Test func nowhereToSpill() throws {
    #expect(throws: FitError.self) {
      try LiveStore(batches([10]), width: 10, memory: 100, directory: nil)
    }
    let error = #expect(throws: FileError.self) {
      try LiveStore(batches([10]), width: 10, memory: 100, directory: "/nonexistent")
    }
    #expect(error?.path == "/nonexistent")
  }

  @Test func aDiskThatIsTooSmallIsFoundOutFirst() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: FileError.self) { try SpillFile(in: directory.path, byteCount: 1 << 60) }
    #expect(error?.problem.hasPrefix("cannot reserve 1152921504606846976 bytes") == true)
    #expect(error?.next == "free some space or allow more with --memory")
  }
}
