import ActIR

extension Engine {
  /// Runs one step over `rows`; `logitRows` names the rows whose logits are wanted.
  ///
  /// Throws `EngineError` for rows that the plan does not hold, and `NotFiniteError` for results that are no numbers.
  ///
  /// Specialized for the collections that callers have: walking one whose type is not known allocates for every element.
  @_specialize(where Rows == [Row], Wanted == [Int32])
  @_specialize(where Rows == [Row], Wanted == Range<Int32>)
  @_specialize(where Rows == ArraySlice<Row>, Wanted == [Int32])
  @_specialize(where Rows == ArraySlice<Row>, Wanted == Range<Int32>)
  @inlinable
  package func step<Rows: Collection<Row>, Wanted: Collection<Int32>>(
    _ rows: Rows, logitRows wanted: Wanted
  ) throws {
    let (rowCount, logitCount) = (rows.count, wanted.count)
    try checkCounts(rows: rowCount, logitRows: logitCount)
    var index = 0
    for row in rows {
      try place(row, at: index)
      index += 1
    }
    index = 0
    for row in wanted {
      try placeLogits(of: row, at: index, rowCount: rowCount)
      index += 1
    }
    try runStep(rows: rowCount, logitRows: logitCount)
  }

  @usableFromInline
  func checkCounts(rows: Int, logitRows: Int) throws {
    guard (1...maximumRows).contains(rows) else {
      throw EngineError("\(rows) rows in a step; the plan holds 1 to \(maximumRows)")
    }
    guard logitRows <= maximumLogitRows else {
      throw EngineError("\(logitRows) rows of logits; the plan holds \(maximumLogitRows)")
    }
  }

  @usableFromInline
  func place(_ row: Row, at index: Int) throws {
    guard row.token >= 0, Int(row.token) < vocabularySize else {
      throw EngineError("token \(row.token); the model has tokens 0 to \(vocabularySize - 1)")
    }
    guard row.slot >= 0, Int(row.slot) < usedSlots else {
      throw EngineError("slot \(row.slot); strengths are set for 0 to \(usedSlots - 1)")
    }
    try caches.check(row)
    rows.set(row, at: index)
  }

  @usableFromInline
  func placeLogits(of row: Int32, at index: Int, rowCount: Int) throws {
    guard row >= 0, Int(row) < rowCount else { throw EngineError("logits of row \(row) of \(rowCount)") }
    rows.wantLogits(of: row, at: index)
  }

  @usableFromInline
  func runStep(rows: Int, logitRows: Int) throws {
    let (rowCount, logitCount) = (Int32(rows), Int32(logitRows))
    run(bound.stepTasks) { $0 == "T" ? rowCount : logitCount }
    try checkResults(rows: rows, logitRows: logitRows)
  }

  /// The sites whose values the step computes, in order; others were fused away.
  package var observableSites: [String] { bound.computed.compactMap(\.site) }

  /// Runs one step, and hands out the values at `sites` as their readers see them: rows in order, `width` values each.
  package func step(
    _ rows: [Row], logitRows wanted: [Int32], observing sites: Set<String>,
    receive: (_ site: String, _ values: [Float], _ width: Int) -> Void
  ) throws {
    try checkCounts(rows: rows.count, logitRows: wanted.count)
    for (index, row) in rows.enumerated() { try place(row, at: index) }
    for (index, row) in wanted.enumerated() { try placeLogits(of: row, at: index, rowCount: rows.count) }
    func count(_ symbol: String) -> Int32 { Int32(symbol == "T" ? rows.count : wanted.count) }
    var done = 0
    for value in bound.computed {
      guard let site = value.site, sites.contains(site) else { continue }
      run(bound.stepTasks[done..<value.taskCount], count)
      done = value.taskCount
      let location = value.location
      guard case .symbol(let symbol)? = location.rows else { continue }
      var values: [Float] = []
      for row in 0..<Int(count(symbol)) { values += location.row(row) }
      receive(site, values, location.columns)
    }
    run(bound.stepTasks[done...], count)
    try checkResults(rows: rows.count, logitRows: wanted.count)
  }

  func run(_ tasks: some Sequence<KernelTask>, _ count: (String) -> Int32) {
    for task in tasks {
      if let rows = task.rows {
        let count = count(task.symbol)
        if count < task.leastRows { continue }
        rows.pointee = count
      }
      pool.run(task.function, UnsafeRawPointer(task.arguments))
    }
  }
}
