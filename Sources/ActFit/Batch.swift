import ActPasses

/// Whole samples of one side that go through a segment in one step.
struct Batch {
  var side: Side
  var samples: ArraySlice<FitSequence>
  /// Among all batches.
  var index: Int
  /// Tokens of all its samples.
  var rowCount: Int

  /// Cuts data sets into batches of at most `rows` tokens, the sources first, without padding.
  static func cut(_ data: PairedSequences, rows limit: Int) -> [Batch] {
    var batches: [Batch] = []
    for side in Side.allCases {
      let samples = data[side]
      var start = 0
      while start < samples.count {
        var end = start
        var rowCount = 0
        while end < samples.count, rowCount + samples[end].tokens.count <= limit {
          rowCount += samples[end].tokens.count
          end += 1
        }
        batches.append(
          Batch(side: side, samples: samples[start..<end], index: batches.count, rowCount: rowCount))
        start = end
      }
    }
    return batches
  }
}
