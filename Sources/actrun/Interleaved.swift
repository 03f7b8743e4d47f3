import ActEval

/// Measures rows in turn, again and again while `goesOn` says so, after one round that is not counted.
///
/// Every other round goes backwards, so that a drift of the machine favours no row.
///
/// - Parameters:
///   - rows: how many rows there are.
///   - goesOn: whether another round follows those so far.
///   - run: measures a row once.
/// - Returns: of each row its runs; run i of every row was measured in turn with run i of the others.
func interleaved<Run>(
  _ rows: Int, while goesOn: ([[Run]]) -> Bool, _ run: (_ row: Int) throws -> Run
) rethrows -> [[Run]] {
  var runs = Array(repeating: [Run](), count: rows)
  var round = 0
  repeat {
    for row in round.isMultiple(of: 2) ? Array(0..<rows) : (0..<rows).reversed() {
      let measured = try run(row)
      if round > 0 { runs[row].append(measured) }
    }
    round += 1
  } while round < 2 || goesOn(runs)
  return runs
}

extension MedianInterval {
  /// How much longer runs take than those of `base`, as a share: the median over paired runs.
  init(costOf seconds: [Double], over base: [Double]) {
    self.init(zip(seconds, base).map { $0 / $1 - 1 })
  }

  /// What tables of costs say of them.
  static let costLegend = "\ncosts are medians of paired ratios; in brackets their intervals, at 95 % or more"
}
