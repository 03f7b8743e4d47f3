import ActPlan

/// Rows of sequences that come together into steps: the one loop under generation, scoring, evaluation and benchmark.
///
/// Rows are added in any order of sequences and in rising order of positions of each. From step to step nothing is
/// allocated.
package struct StepQueue {
  private let engine: Engine
  private let rowsPerStep: Int
  /// A plan without chosen rows has a result for every row.
  private let choosesRows: Bool
  private var rows: [Row] = []
  private var chosen: [Int32] = []
  private var owners: [Int] = []

  /// A queue whose steps have at most `rowsPerStep` rows, and no more than the plan holds.
  package init(_ engine: Engine, rowsPerStep: Int = .max) {
    self.engine = engine
    self.rowsPerStep = min(rowsPerStep, engine.maximumRows)
    choosesRows = engine.plan.limit("R") != nil
    rows.reserveCapacity(self.rowsPerStep)
    chosen.reserveCapacity(self.rowsPerStep)
    owners.reserveCapacity(self.rowsPerStep)
  }

  /// How many rows wait.
  package var count: Int { rows.count }
  /// Whether the next step must run before another row is added.
  package var isFull: Bool { rows.count == rowsPerStep }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - row: the row.
  ///   - owner: what ``run(_:)`` is to call when the results of the row are there; nil: they are not wanted.
  package mutating func add(_ row: Row, owner: Int? = nil) {
    precondition(!isFull, "run the step first")
    if let owner {
      chosen.append(Int32(rows.count))
      owners.append(owner)
    }
    rows.append(row)
  }

  /// Runs the rows that wait, and calls `receive` for each owner with the index of its row among the results.
  package mutating func run(_ receive: (_ owner: Int, _ index: Int) throws -> Void) throws {
    try run(observing: [], sites: { _, _, _ in }, receive)
  }

  /// Runs the rows that wait, as ``run(_:)``; `sites` is handed the values at the sites of `names`, of all rows.
  package mutating func run(
    observing names: Set<String>, sites: (_ site: String, _ values: [Float], _ width: Int) -> Void,
    _ receive: (_ owner: Int, _ index: Int) throws -> Void
  ) throws {
    guard !rows.isEmpty else { return }
    defer {
      rows.removeAll(keepingCapacity: true)
      chosen.removeAll(keepingCapacity: true)
      owners.removeAll(keepingCapacity: true)
    }
    // Passed on without a copy, so that the lists stay the queue's own.
    if names.isEmpty {
      try engine.step(rows, logitRows: choosesRows ? .rows(chosen) : .none)
    } else {
      try engine.step(
        rows, logitRows: choosesRows ? .rows(chosen) : .none, observing: names, receive: sites)
    }
    for index in owners.indices { try receive(owners[index], index) }
  }
}
