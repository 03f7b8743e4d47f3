/// Rows of steered sequences that come together into steps: each names its slot, and those of a prompt whose tests are
/// undecided leave their scores.
package struct SteeredQueue {
  private let model: LanguageModel
  private var queue: StepQueue
  /// Of the rows that wait, those whose scores are wanted, in order.
  private var scored: [(row: Int, sequence: SteeredSequence)] = []

  /// A queue whose steps have at most `rowsPerStep` rows, and no more than the plan holds.
  package init(_ model: LanguageModel, rowsPerStep: Int = .max) {
    self.model = model
    queue = StepQueue(model.engine, rowsPerStep: rowsPerStep)
  }

  /// How many rows wait.
  package var count: Int { queue.count }

  /// Adds a row, if there is room for it and its slot; otherwise the step must run first.
  ///
  /// - Parameters:
  ///   - token: of the row.
  ///   - position: of the row, after those that were added.
  ///   - sequence: the row's.
  ///   - owner: what ``run(_:)`` is to call when the results of the row are there; nil: they are not wanted.
  /// - Returns: whether it was added.
  /// - Throws: `EngineError` where the engine has no slot for it at all.
  package mutating func add(
    _ token: Int32, at position: Int, of sequence: SteeredSequence, owner: Int? = nil
  ) throws -> Bool {
    if queue.isFull { return false }
    var slot = try sequence.slot(at: position, model.slots)
    if slot == nil, queue.count == 0 {
      // What was given up is named by no row.
      model.slots.releaseRetired()
      slot = try sequence.slot(at: position, model.slots)
      if slot == nil {
        throw EngineError("more than \(model.engine.maximumSlots - 1) sets of strengths at once")
      }
    }
    guard let slot else { return false }
    if !sequence.isDecided { scored.append((queue.count, sequence)) }
    queue.add(
      Row(token: token, position: Int32(position), sequence: sequence.id, slot: slot), owner: owner)
    return true
  }

  /// Runs the rows that wait, calls `receive` for each owner with the index of its row among the results, and then decides
  /// the prompts that have been read.
  package mutating func run(_ receive: (_ owner: Int, _ index: Int) throws -> Void) throws {
    try run(observing: [], sites: { _, _, _ in }, receive)
  }

  /// Runs the rows that wait, as ``run(_:)``; `sites` is handed the values at the sites of `names`, of all rows.
  package mutating func run(
    observing names: Set<String>, sites: (_ site: String, _ values: [Float], _ width: Int) -> Void,
    _ receive: (_ owner: Int, _ index: Int) throws -> Void
  ) throws {
    defer {
      scored.removeAll(keepingCapacity: true)
      model.slots.releaseRetired()
    }
    try queue.run(observing: names, sites: sites, receive)
    for (row, sequence) in scored { sequence.take(row: row, of: model.engine) }
  }
}
