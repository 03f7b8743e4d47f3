import ActPasses

/// Whole samples of one side that go through a segment in one step.
package struct Batch {
  /// The most that a batch holds.
  package struct Limits: Hashable, Sendable {
    /// Rows of the symbol `T`; no sample has more.
    package var rows: Int
    package var entries: Int

    package init(rows: Int, entries: Int) {
      self.rows = rows
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
        var rowCount = 0
        while end < samples.count, end - start < limits.entries,
          rowCount + samples[end].rowCount <= limits.rows
        {
          rowCount += samples[end].rowCount
          end += 1
        }
        batches.append(
          Batch(side: side, samples: samples[start..<end], index: batches.count, rowCount: rowCount))
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
