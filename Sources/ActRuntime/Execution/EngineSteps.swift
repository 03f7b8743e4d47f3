import ActIR
import ActPlan

extension Engine {
  /// Runs one step over `rows`, and computes the logits of those that `logitRows` names.
  ///
  /// Rows and logits have concrete types, so that walking them allocates nothing wherever this is called.
  /// - Throws: `EngineError` for rows that the plan does not hold, `NotFiniteError` for results that are not finite.
  package func step(_ rows: ArraySlice<Row>, logitRows: LogitRows) throws {
    let (rowCount, logitCount) = try place(rows, logitRows: logitRows)
    bind(rowCount, logitCount)
    try checkIntegers(bound.givenIntegers)
    run(bound.step.tasks[...])
    try checkResults()
  }

  package func step(_ rows: [Row], logitRows: LogitRows) throws { try step(rows[...], logitRows: logitRows) }

  /// Writes what the kernels read of the rows; returns how many rows there are, and how many of logits.
  private func place(
    _ rows: ArraySlice<Row>, logitRows: LogitRows
  ) throws -> (rowCount: Int32, logitCount: Int32) {
    guard !plan.needsWholeEntries else { throw EngineError("the plan takes whole entries, not rows of them") }
    guard (1...maximumRows).contains(rows.count) else {
      throw EngineError("\(rows.count) rows in a step; the plan holds 1 to \(maximumRows)")
    }
    let logitCount = logitRows.count(of: rows.count)
    guard logitCount <= maximumLogitRows else {
      throw EngineError("\(logitCount) rows of logits; the plan holds \(maximumLogitRows)")
    }
    caches.beginStep()
    for index in 0..<rows.count { try place(rows[rows.startIndex + index], at: index) }
    try caches.checkRings()
    for index in 0..<logitCount {
      let row = logitRows.row(index, of: rows.count)
      guard row >= 0, Int(row) < rows.count else {
        throw EngineError("logits of row \(row) of \(rows.count)")
      }
      self.rows.choose(row, at: index)
    }
    return (Int32(rows.count), Int32(logitCount))
  }

  private func place(_ row: Row, at index: Int) throws {
    guard row.token >= 0, Int(row.token) < vocabularySize else {
      throw EngineError("token \(row.token); the model has tokens 0 to \(vocabularySize - 1)")
    }
    guard Int(row.position) < positionCount else {
      throw EngineError("position \(row.position); the model has positions 0 to \(positionCount - 1)")
    }
    guard row.slot >= 0, Int(row.slot) < usedSlots else {
      throw EngineError("slot \(row.slot); strengths are set for 0 to \(usedSlots - 1)")
    }
    try caches.check(row)
    rows.set(row, at: index)
  }

  /// The sites whose values a call computes, in order; others were fused away.
  package var observableSites: [String] { (bound.prompt.values + bound.step.values).compactMap(\.site) }

  /// Runs one step, and hands out the values at `sites` as their readers see them: rows in order, `width` values each.
  package func step(
    _ rows: [Row], logitRows: LogitRows, observing sites: Set<String>,
    receive: (_ site: String, _ values: [Float], _ width: Int) -> Void
  ) throws {
    let (rowCount, logitCount) = try place(rows[...], logitRows: logitRows)
    bind(rowCount, logitCount)
    try checkIntegers(bound.givenIntegers)
    try run(observing: sites, receive)
  }

  /// Runs the step's tasks, and hands out values at sites on the way.
  func run(
    observing sites: Set<String>, _ receive: (_ site: String, _ values: [Float], _ width: Int) -> Void
  ) throws {
    run(bound.step, observing: sites, receive)
    try checkResults()
  }

  /// Runs a program's tasks, and hands out values at sites on the way.
  func run(
    _ program: BoundProgram, observing sites: Set<String>,
    _ receive: (_ site: String, _ values: [Float], _ width: Int) -> Void
  ) {
    var done = 0
    for value in program.values {
      guard let site = value.site, sites.contains(site) else { continue }
      run(program.tasks[done..<value.taskCount])
      done = value.taskCount
      let location = value.location
      var values: [Float] = []
      for row in 0..<self.rowCount(of: location) { values += location.row(row) }
      receive(site, values, location.columns)
    }
    run(program.tasks[done...])
  }

  /// Binds the symbols of a call of rows of sequences.
  private func bind(_ rowCount: Int32, _ chosenCount: Int32) {
    for (index, limit) in plan.limits.enumerated() {
      counts[index] =
        switch limit.symbol {
        case "R": chosenCount
        case "T", "S": rowCount
        // Sequences are no entries.
        default: 0
        }
    }
  }

  /// How many rows a value of a program has in this call.
  func rowCount(of location: Location) -> Int {
    location.rows.factor * (location.rows.symbol.map { Int(counts[$0]) } ?? 1)
  }

  func run(_ tasks: ArraySlice<KernelTask>) {
    for task in tasks {
      if let rows = task.rows, let symbol = task.count.symbol {
        let count = counts[symbol] * Int32(task.count.factor)
        if count < task.leastRows { continue }
        rows.pointee = count
      }
      pool.run(task.function, UnsafeRawPointer(task.arguments))
    }
  }
}
