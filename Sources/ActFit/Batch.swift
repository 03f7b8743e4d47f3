import ActPasses
import ActRuntime

/// Whole samples of one side that go through a segment in one step.
package struct Batch {
  /// The most that a batch holds.
  package struct Limits: Hashable, Sendable {
    /// Rows of the symbol `T`, and of `P`; no sample has more.
    package var rows, imageRows: Int
    package var entries: Int

    package init(rows: Int, imageRows: Int = 0, entries: Int) {
      self.rows = rows
      self.imageRows = imageRows
      self.entries = entries
    }
  }

  package var side: Side
  package var samples: ArraySlice<FitSample>
  /// Among all batches.
  package var index: Int
  /// Rows of all its samples.
  package var rowCount: Int

  /// Cuts data sets into batches, the sources first, without padding.
  package static func cut(_ data: PairedSamples, _ limits: Limits) -> [Batch] {
    var batches: [Batch] = []
    for side in Side.allCases {
      let samples = data[side]
      var start = 0
      while start < samples.count {
        var end = start
        var size = EntrySize()
        while end < samples.count, end - start < limits.entries {
          let next = size + samples[end].size
          guard next.text <= limits.rows, next.image <= limits.imageRows else { break }
          size = next
          end += 1
        }
        batches.append(
          Batch(side: side, samples: samples[start..<end], index: batches.count, rowCount: size.text))
        start = end
      }
    }
    return batches
  }

  /// How many there are in it of what a symbol counts; see `FitSample.count(_:choosesAll:)`.
  package func count(_ symbol: String, choosesAll: Bool) -> Int {
    samples.reduce(0) { $0 + $1.count(symbol, choosesAll: choosesAll) }
  }
}
