import ActFit
import ActFormats
import ActIR
import ActPasses
import Testing
import Workbench

/// Values carried between segments, in memory and in a file.
@Suite struct LiveStoreTests {
  private func batches(_ rowCounts: [Int]) -> [Batch] {
    let samples = rowCounts.map { FitSample([Int32](repeating: 1, count: $0)) }
    return Batch.cut(
      PairedSamples(source: samples, target: samples), .init(rows: rowCounts.max()!, entries: 100))
  }

  /// Records of 10 floats, 400 bytes a batch of 10 rows: memory for none, one, three or all of eight batches.
  @Test(arguments: [0, 399, 400, 1500, 8 * 400])
  func keepsWhatIsWritten(memory: Int) throws {
    let directory = try TemporaryDirectory()
    let batches = batches([10, 10, 10, 10])
    let store = try LiveStore(batches, widths: ["T": 10], memory: memory, directory: directory.path)
    #expect(store.spilledCount == (8 - memory / 400) * 400)
    var random = SplitMix64(state: 7)
    let values = [0..<3, 3..<4, 4..<10].map {
      SegmentedGraph.CarriedValue(name: "v", symbol: "T", columns: $0)
    }
    var written: [[Float]] = []
    for batch in batches {
      for value in values {
        let floats = (0..<value.columns.count * 10).map { _ in Float.random(in: -1...1, using: &random) }
        try store.write(batch, value, from: floats)
        written.append(floats)
      }
    }
    // Over one value of each batch, and over nothing else.
    for (index, batch) in batches.enumerated() {
      let floats = [Float](repeating: Float(index), count: 10)
      try store.write(batch, values[1], from: floats)
      written[index * 3 + 1] = floats
    }
    for (index, batch) in batches.enumerated() {
      for (place, value) in values.enumerated() {
        var floats = [Float](repeating: .nan, count: value.columns.count * 10)
        try store.read(batch, value, into: &floats)
        #expect(floats == written[index * 3 + place])
      }
    }
    // The file has no name.
    #expect(directory.contents.isEmpty)
  }

  /// Records of rows and of entries lie side by side.
  @Test func recordsOfSeveralSymbols() throws {
    let batches = batches([10, 3, 7])
    let store = try LiveStore(
      batches, widths: ["T": 2, "B": 5, "R": 1], memory: 1 << 20, directory: nil)
    let values = ["T": 2, "B": 5, "R": 1].map { symbol, width in
      SegmentedGraph.CarriedValue(name: symbol, symbol: symbol, columns: 0..<width)
    }
    func floats(_ batch: Batch, _ value: SegmentedGraph.CarriedValue) -> [Float] {
      let count = batch.count(value.symbol, choosesAll: false) * value.columns.count
      return (0..<count).map { Float(batch.index * 1000 + value.columns.count * 100 + $0) }
    }
    for batch in batches { for value in values { try store.write(batch, value, from: floats(batch, value)) } }
    for batch in batches {
      for value in values {
        var found = floats(batch, value).map { _ in Float.nan }
        try store.read(batch, value, into: &found)
        #expect(found == floats(batch, value))
      }
    }
  }

  @Test func batchesHoldSoManyEntries() {
    let samples = [Int](repeating: 1, count: 7).map { FitSample([Int32](repeating: 1, count: $0)) }
    let cut = Batch.cut(PairedSamples(source: samples, target: samples), .init(rows: 100, entries: 3))
    #expect(cut.map(\.samples.count) == [3, 3, 1, 3, 3, 1])
  }

  @Test func raggedBatchesAreWholeSamples() {
    let cut = batches([3, 4, 9, 1, 8, 2])
    #expect(cut.map(\.rowCount) == [7, 9, 9, 2, 7, 9, 9, 2])
    #expect(cut.map(\.side) == [.source, .source, .source, .source, .target, .target, .target, .target])
    #expect(cut.map(\.index) == Array(0..<8))
  }

  @Test func nowhereToSpill() throws {
    #expect(throws: FitError.self) {
      try LiveStore(batches([10]), widths: ["T": 10], memory: 100, directory: nil)
    }
    let error = #expect(throws: FileError.self) {
      try LiveStore(batches([10]), widths: ["T": 10], memory: 100, directory: "/nonexistent")
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
