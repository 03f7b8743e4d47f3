import ActIR
import ActPlan

extension Engine {
  /// The most entries of a step over whole entries.
  package var maximumEntries: Int { plan.limit("B") ?? maximumRows }

  /// Runs one step over whole entries: sequences of any lengths, or images.
  ///
  /// The inputs have been written where ``input(_:)`` and ``integers(_:)`` say, an entry after the other. An entry's
  /// results depend on its own inputs and slot only, bit for bit.
  ///
  /// - Parameters:
  ///   - sizes: how many rows of each kind every entry has; what the call counts by `B` are the entries.
  ///   - slots: the slot of each entry.
  ///   - rowSlots: the slot of each row; nil: that of its entry.
  ///   - chosen: the chosen rows, among those of all entries; nil: the first of each entry, or its last, as the plan's
  ///     input says.
  ///   - prompt: what was prepared for entries of these sizes; nil: the inputs of the prompt have been written too.
  ///   - sites: the sites whose values are wanted; see ``observableSites``.
  ///   - receive: is handed the values at each of `sites` as their readers see them: rows in order, `width` values each.
  /// - Throws: `EngineError` for entries or numbers that the plan does not hold, `NotFiniteError` for results that are not
  ///   finite.
  package func step(
    entries sizes: [EntrySize], slots: [Int32], rowSlots: [Int32]? = nil, chosen: [Int32]? = nil,
    prompt: PromptState? = nil, observing sites: Set<String> = [],
    receive: (_ site: String, _ values: [Float], _ width: Int) -> Void = { _, _, _ in }
  ) throws {
    try place(sizes, slots, rowSlots, chosen: chosen)
    try use(prompt, sizes, slots, rowSlots, observing: sites, receive)
    try run(observing: sites, receive)
  }

  /// Computes what steps read of a prompt, whose inputs have been written; see ``step(entries:slots:rowSlots:chosen:prompt:observing:receive:)``.
  ///
  /// - Returns: what to give the steps, as long as it is held.
  package func prepare(
    entries sizes: [EntrySize], slots: [Int32], rowSlots: [Int32]? = nil
  ) throws -> PromptState {
    try place(sizes, slots, rowSlots, chosen: nil)
    return try makePrompt(sizes, slots, rowSlots)
  }

  /// Writes what the kernels read of the entries and their rows.
  private func place(
    _ sizes: [EntrySize], _ slots: [Int32], _ rowSlots: [Int32]?, chosen: [Int32]?
  ) throws {
    precondition(slots.count == sizes.count)
    guard caches.tables.isEmpty else {
      throw EngineError("the plan takes rows of sequences, not whole entries")
    }
    guard (1...maximumEntries).contains(sizes.count) else {
      throw EngineError("\(sizes.count) entries in a step; the plan holds 1 to \(maximumEntries)")
    }
    for limit in plan.limits where RowKind.parts(of: limit.symbol) != nil {
      let count = sizes.count(limit.symbol)
      guard sizes.allSatisfy({ $0.count(limit.symbol) > 0 }), count <= limit.value else {
        throw EngineError(
          "\(count) rows \(limit.symbol) in a step; the plan holds 1 to \(limit.value), at least 1 an entry")
      }
    }
    if plan.limit("T") != nil, let longest = sizes.map(\.text).max(), longest > plan.contextLength {
      throw EngineError("an entry of \(longest) rows; the plan's context is \(plan.contextLength)")
    }
    precondition(rowSlots == nil || rowSlots?.count == sizes.count("T"))
    for slot in slots + (rowSlots ?? []) where slot < 0 || Int(slot) >= usedSlots {
      throw EngineError("slot \(slot); strengths are set for 0 to \(usedSlots - 1)")
    }
    for packed in bound.packed { packed.place(sizes) }
    rows.place(sizes, slots: slots, rowSlots: plan.limit("T") == nil ? nil : rowSlots)
    let chosenCount: Int32
    if plan.limit("R") == nil {
      chosenCount = 0
    } else if plan.limit("T") == nil {
      // A part of a model that begins where rows are chosen: one of each entry.
      precondition(chosen == nil, "there are no rows to choose from")
      rows.slots(of: "R").update(from: slots, count: slots.count)
      chosenCount = Int32(slots.count)
    } else {
      chosenCount = try choose(chosen, of: sizes.map(\.text))
    }
    bind(sizes, chosenCount)
    try checkIntegers(bound.integers)
    try checkIntegers(bound.givenIntegers)
  }

  /// Binds the symbols of a call.
  private func bind(_ sizes: [EntrySize], _ chosenCount: Int32) {
    for (index, limit) in plan.limits.enumerated() {
      counts[index] = limit.symbol == "R" ? chosenCount : Int32(sizes.count(limit.symbol))
    }
  }

  /// Writes the chosen rows; returns how many there are.
  private func choose(_ chosen: [Int32]?, of rowCounts: [Int]) throws -> Int32 {
    var usual: [Int32] = []
    var row: Int32 = 0
    for count in rowCounts {
      usual.append(choosesEndings ? row + Int32(count) - 1 : row)
      row += Int32(count)
    }
    let chosen = chosen ?? usual
    guard chosen.count <= maximumLogitRows else {
      throw EngineError("\(chosen.count) chosen rows; the plan holds \(maximumLogitRows)")
    }
    for (index, choice) in chosen.enumerated() {
      guard (0..<row).contains(choice) else { throw EngineError("chosen row \(choice) of \(row)") }
      rows.choose(choice, at: index)
    }
    return Int32(chosen.count)
  }

  /// Checks that whole numbers name rows that there are.
  func checkIntegers(_ inputs: [IntegerInput]) throws {
    for input in inputs {
      var limit = input.limit
      for symbol in input.symbols { limit = min(limit, Int(counts[symbol])) }
      for index in 0..<rowCount(of: input.location) {
        let value = Int(input.location.integers[index])
        guard (0..<limit).contains(value) else {
          throw EngineError("\(input.name): \(value) at row \(index); expected 0 to \(limit - 1)")
        }
      }
    }
  }
}

/// An input of whole numbers that choose rows, and how many of these there are.
struct IntegerInput {
  var name: String
  var location: Location
  var limit: Int
  /// The places among the plan's limits of the symbols that count what it chooses from.
  var symbols: [Int]
}
