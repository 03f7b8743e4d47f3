import ActFormats
import ActIR
import ActPlan

/// How many rows, entries and chosen rows a call has, and which steps run them.
struct EntryLayout {
  /// One step's share of a call.
  struct Part {
    var entries: Range<Int>
    var rows: Range<Int>
    /// Which of the chosen rows are among `rows`.
    var chosen: [Int]
  }

  /// How many rows each entry has; 0 where the plan counts entries alone.
  private(set) var rowCounts: [Int]
  /// The chosen rows, among those of the call: where the caller names none, the first or the last of each entry.
  let chosen: [Int]
  /// Whether the caller names them.
  let namesChosen: Bool
  private(set) var parts: [Part] = []

  var rowCount: Int { rowCounts.reduce(0, +) }

  /// The number that a symbol has in the call.
  func count(_ symbol: String) -> Int {
    switch symbol {
    case "T": rowCount
    case "B": rowCounts.count
    default: chosen.count
    }
  }

  /// Lays out a call.
  ///
  /// - Throws: `FileError` where the inputs contradict each other, or an entry does not fit a step.
  init(_ inputs: EntryInputs, _ model: EntryModel) throws(FileError) {
    rowCounts = try inputs.rowCounts(model.plan.inputs)
    var row = 0
    var firsts: [Int] = []
    for count in rowCounts {
      firsts.append(row)
      row += count
    }
    let choice = model.plan.inputs.first { $0.role.isChoice }
    if let choice, let given = try inputs.integers(choice.name) {
      chosen = given
      namesChosen = true
      try inputs.check(given, of: choice.name, below: row)
    } else {
      chosen = choice?.role == .ending ? zip(firsts, rowCounts).map { $0 + $1 - 1 } : firsts
      namesChosen = false
    }
    try cut(firsts, inputs, model)
  }

  /// Cuts the call between entries into steps.
  private mutating func cut(_ firsts: [Int], _ inputs: EntryInputs, _ model: EntryModel) throws(FileError) {
    let engine = model.engine
    let hasRows = model.plan.inputs.count(by: "T")
    let mostChosen = model.plan.limit("R") ?? .max
    let mostEntries = min(engine.maximumEntries, namesChosen ? .max : mostChosen)
    var start = 0
    for entry in rowCounts.indices {
      let count = rowCounts[entry]
      if hasRows {
        let limits = [
          (engine.maximumRows, "of a step", "--rows"),
          (model.plan.contextLength, "of the plan's context", "--context"),
        ]
        for (limit, what, option) in limits where count > limit {
          throw FileError(
            inputs.path, EntryInputs.sequences,
            "entry \(entry): expected at most \(limit) rows, those \(what), found \(count)",
            next: "compile the plan with a larger \(option), or shorten the entry")
        }
      }
      let rows = firsts[entry] + count - firsts[start]
      if entry - start == mostEntries || hasRows && rows > engine.maximumRows {
        add(start..<entry, firsts)
        start = entry
      }
    }
    add(start..<rowCounts.count, firsts)
    for part in parts where part.chosen.count > mostChosen {
      throw FileError(
        inputs.path, model.plan.inputs.first { $0.role.isChoice }?.name,
        "expected at most \(mostChosen) rows of entries \(part.entries.lowerBound) to \(part.entries.upperBound - 1), "
          + "found \(part.chosen.count)")
    }
    // What chooses among the rows of a call names others in each step.
    if parts.count > 1,
      let input = model.plan.inputs.first(where: {
        $0.role == .given && $0.type.dtype == .i32 && !model.plan.bound(ofInput: $0.name).symbols.isEmpty
      })
    {
      throw FileError(
        inputs.path, input.name, "chooses among the rows of a call, which is too large for one step",
        next: "give fewer entries, or compile the plan with a larger --rows")
    }
  }

  private mutating func add(_ entries: Range<Int>, _ firsts: [Int]) {
    let rows = firsts[entries.lowerBound]..<firsts[entries.upperBound - 1] + rowCounts[entries.upperBound - 1]
    let chosen =
      namesChosen ? self.chosen.indices.filter { rows.contains(self.chosen[$0]) } : Array(entries)
    parts.append(Part(entries: entries, rows: rows, chosen: chosen))
  }
}

extension EntryLayout.Part {
  /// Of what a symbol counts in the call, which the step holds, in its order.
  func indices(_ symbol: String) -> [Int] {
    switch symbol {
    case "T": Array(rows)
    case "B": Array(entries)
    default: chosen
    }
  }
}
