import ActFormats
import ActIR
import ActPlan

/// How many rows, entries and chosen rows a call has, and which steps run them.
struct EntryLayout {
  /// One step's share of a call.
  struct Part {
    var entries: Range<Int>
    /// The sizes of the entries before it, and of its own.
    var before: ArraySlice<EntrySize>
    var sizes: ArraySlice<EntrySize>
    /// Which of the chosen rows are its own.
    var chosen: [Int]

    /// Its rows of a kind, by the symbol that counts them.
    func rows(_ symbol: String) -> Range<Int> {
      let first = before.count(symbol)
      return first..<first + sizes.count(symbol)
    }
  }

  let entries: EntrySizes
  /// The chosen rows, among those of the call: where the caller names none, the first or the last of each entry.
  let chosen: [Int]
  /// Whether the caller names them.
  let namesChosen: Bool
  private(set) var parts: [Part] = []

  /// The number that a symbol has in the call.
  func count(_ symbol: String) -> Int { symbol == "R" ? chosen.count : entries.count(symbol) }

  /// The axes that files have in place of the one that a symbol counts.
  func axes(_ symbol: String) -> [Int] { symbol == "R" ? [chosen.count] : entries.axes(symbol) }

  /// Lays out a call.
  ///
  /// - Throws: `FileError` where the inputs contradict each other, or an entry does not fit a step.
  init(_ inputs: EntryInputs, _ model: EntryModel) throws(FileError) {
    entries = try inputs.sizes(model.plan.inputs)
    var row = 0
    var firsts: [Int] = []
    for size in entries.sizes {
      firsts.append(row)
      row += size.text
    }
    let choice = model.plan.inputs.first { $0.role.isChoice }
    if let choice, let given = try inputs.integers(choice.name) {
      chosen = given
      namesChosen = true
      try inputs.check(given, of: choice.name, below: row)
    } else {
      chosen = choice?.role == .ending ? zip(firsts, entries.sizes).map { $0 + $1.text - 1 } : firsts
      namesChosen = false
    }
    try cut(inputs, model)
  }

  /// Cuts the call between entries into steps.
  private mutating func cut(_ inputs: EntryInputs, _ model: EntryModel) throws(FileError) {
    let plan = model.plan
    let mostChosen = plan.limit("R") ?? .max
    let mostEntries = min(model.engine.maximumEntries, namesChosen ? .max : mostChosen)
    let kinds = [("T", "--rows"), ("P", "--image-rows")].compactMap { symbol, option in
      plan.limit(symbol).map { (symbol: symbol, limit: $0, option: option) }
    }
    var start = 0
    for entry in entries.sizes.indices {
      for kind in kinds {
        let count = entries.sizes[entry].count(kind.symbol)
        var limits = [(kind.limit, "of a step", kind.option)]
        if kind.symbol == "T" { limits.append((plan.contextLength, "of the plan's context", "--context")) }
        for (limit, what, option) in limits where count > limit {
          let input = plan.inputs.first { $0.isCounted(by: kind.symbol) }
          throw FileError(
            inputs.path, kind.symbol == "T" ? EntryInputs.sequences : input?.name,
            "entry \(entry): expected at most \(limit) rows, those \(what), found \(count)",
            next: "compile the plan with a larger \(option), or shorten the entry")
        }
      }
      let sizes = entries.sizes[start...entry]
      if entry - start == mostEntries || kinds.contains(where: { sizes.count($0.symbol) > $0.limit }) {
        add(start..<entry)
        start = entry
      }
    }
    add(start..<entries.sizes.count)
    for part in parts where part.chosen.count > mostChosen {
      throw FileError(
        inputs.path, model.plan.inputs.first { $0.role.isChoice }?.name,
        "expected at most \(mostChosen) rows of entries \(part.entries.lowerBound) to \(part.entries.upperBound - 1), "
          + "found \(part.chosen.count)")
    }
    // What chooses among the rows of a call names others in each step.
    if parts.count > 1,
      let input = model.plan.inputs.first(where: {
        $0.role.isGiven && $0.type.dtype == .i32 && !model.plan.bound(ofInput: $0.name).symbols.isEmpty
      })
    {
      throw FileError(
        inputs.path, input.name, "chooses among the rows of a call, which is too large for one step",
        next: "give fewer entries, or compile the plan with a larger --rows")
    }
  }

  private mutating func add(_ range: Range<Int>) {
    var part = Part(
      entries: range, before: entries.sizes[..<range.lowerBound], sizes: entries.sizes[range],
      chosen: Array(range))
    if namesChosen {
      let rows = part.rows("T")
      part.chosen = chosen.indices.filter { rows.contains(chosen[$0]) }
    }
    parts.append(part)
  }
}

extension EntryLayout.Part {
  /// Of what a symbol counts in the call, which the step holds, in its order.
  func indices(_ symbol: String) -> [Int] {
    switch symbol {
    case "R": chosen
    default: Array(rows(symbol))
    }
  }
}
