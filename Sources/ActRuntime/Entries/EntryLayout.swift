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
  /// The chosen rows, among those of the call: where the caller names none, the first of each entry.
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
    rowCounts = try Self.rowCounts(inputs, model.plan)
    var row = 0
    var firsts: [Int] = []
    for count in rowCounts {
      firsts.append(row)
      row += count
    }
    let role = model.plan.inputs.first { $0.role == .chosen }
    if let role, let given = try inputs.integers(role.name) {
      chosen = given
      namesChosen = true
      try inputs.check(given, of: role.name, below: row)
    } else {
      chosen = firsts
      namesChosen = false
    }
    try cut(firsts, inputs, model)
  }

  private static func rowCounts(_ inputs: EntryInputs, _ plan: Plan) throws(FileError) -> [Int] {
    let entryCount = try inputs.count("B", plan)
    guard plan.counts("T") else {
      if inputs.tensors[EntryInputs.sequences] != nil {
        throw FileError(inputs.path, EntryInputs.sequences, "the plan has no rows that could belong to one")
      }
      // At least one of the inputs is given, or it has no entries.
      return [Int](repeating: 0, count: entryCount ?? 1)
    }
    let sequences = try inputs.integers(EntryInputs.sequences)
    guard let rowCount = try inputs.count("T", plan) ?? sequences?.count else {
      let name = plan.inputs.first { $0.role == .token }?.name ?? plan.inputs[0].name
      throw FileError(inputs.path, name, "no such tensor", next: "give \(name) i32[T]")
    }
    guard let sequences else {
      guard entryCount ?? 1 == 1 else {
        throw FileError(
          inputs.path, EntryInputs.sequences, "no such tensor",
          next: "give it as i32[T]: to which of the \(entryCount ?? 1) entries each row belongs")
      }
      return [rowCount]
    }
    let counts = try EntryInputs.rowCounts(of: sequences, rows: rowCount, path: inputs.path)
    if let entryCount, entryCount != counts.count {
      throw FileError(
        inputs.path, EntryInputs.sequences,
        "expected \(entryCount) entries, as other inputs, found \(counts.count)")
    }
    return counts
  }

  /// Cuts the call between entries into steps.
  private mutating func cut(_ firsts: [Int], _ inputs: EntryInputs, _ model: EntryModel) throws(FileError) {
    let engine = model.engine
    let hasRows = model.plan.counts("T")
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
        inputs.path, model.plan.inputs.first { $0.role == .chosen }?.name,
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

extension EntryInputs {
  /// How many rows each entry has, by the entry of each of so many rows: 0, 1, 2, … with the rows of an entry side by
  /// side.
  package static func rowCounts(of sequences: [Int], rows: Int, path: String) throws(FileError) -> [Int] {
    guard sequences.count == rows else {
      throw FileError(path, Self.sequences, "expected [\(rows)], as other inputs, found [\(sequences.count)]")
    }
    var counts: [Int] = []
    for (row, entry) in sequences.enumerated() {
      if entry == counts.count {
        counts.append(1)
      } else if entry == counts.count - 1 {
        counts[entry] += 1
      } else {
        throw FileError(
          path, Self.sequences,
          "expected 0, 1, 2, … with the rows of an entry side by side, found \(entry) at row \(row)")
      }
    }
    return counts
  }

  /// The number of elements along the first dimension of those inputs that are given and have this symbol; nil where
  /// none is.
  func count(_ symbol: String, _ plan: Plan) throws(FileError) -> Int? {
    var found: (count: Int, name: String)?
    for input in plan.inputs where input.type.shape.first == .symbol(symbol) {
      guard let tensor = tensors[input.name] else { continue }
      guard let count = tensor.shape.first, count > 0 else {
        throw FileError(path, input.name, "expected \(input.type), found \(tensor.shape)")
      }
      if let found, found.count != count {
        throw FileError(
          path, input.name,
          "expected \(found.count) along its first dimension, as `\(found.name)` has, found \(count)")
      }
      found = found ?? (count, input.name)
    }
    return found?.count
  }

  /// Whole numbers, one a row; nil where they are not given.
  func integers(_ name: String) throws(FileError) -> [Int]? {
    guard let tensor = tensors[name] else { return nil }
    guard case .integers(let values) = tensor.elements, tensor.shape.count == 1, !values.isEmpty else {
      throw FileError(path, name, "expected whole numbers [T], found \(tensor.shape)")
    }
    return values
  }

  /// Checks that each of the numbers is 0 or more and below `limit`.
  func check(_ values: [Int], of name: String, below limit: Int) throws(FileError) {
    guard let row = values.firstIndex(where: { !(0..<limit).contains($0) }) else { return }
    throw FileError(path, name, "expected 0 to \(limit - 1), found \(values[row]) at row \(row)")
  }
}
