import ActPlan

/// What an engine has made of a prompt, for the steps of some entries.
///
/// It lies in the engine's own memory until another prompt takes its place, which has the engine copy it; a step that
/// reads it again has it copied back. So a run with one prompt, of any number of entries, copies nothing.
package final class PromptState {
  /// The entries that it was prepared for.
  package let sizes: [EntrySize]
  /// The slots that it was computed with, and how often each had been set.
  fileprivate var slots: [Int32] = []
  fileprivate var rowSlots: [Int32]?
  fileprivate var versions: [Int] = []
  /// The parts of the engine's memory that are the state's, one after the other.
  fileprivate var copy: Block?
  /// Whether the copy is what lies, or lay, in the engine's memory.
  fileprivate var isCopied = false

  fileprivate init(_ sizes: [EntrySize]) { self.sizes = sizes }
}

extension Engine {
  /// Makes the memory of the prompt free for inputs that are written next.
  ///
  /// - Throws: `EngineError` where memory for what lies there, and is held by somebody, cannot be had.
  package func makeRoomForPrompt() throws {
    defer { prompt = nil }
    guard let prompt, !prompt.isCopied else { return }
    let parts = parts(of: prompt)
    let byteCount = parts.reduce(0) { $0 + $1.count }
    let copy = try prompt.copy ?? Block(byteCount: byteCount)
    var place = copy.base
    for part in parts {
      place.copyMemory(from: part.baseAddress!, byteCount: part.count)
      place += part.count
    }
    prompt.copy = copy
    prompt.isCopied = true
  }

  /// Runs the program of the prompt for the entries that have been placed.
  func makePrompt(_ sizes: [EntrySize], _ slots: [Int32], _ rowSlots: [Int32]?) throws -> PromptState {
    precondition(prompt == nil, "the inputs of a prompt are written where there is room for them")
    let state = PromptState(sizes)
    run(bound.prompt.tasks[...])
    note(slots, rowSlots, in: state)
    prompt = state
    return state
  }

  /// Puts what a step reads of a prompt where it reads it.
  ///
  /// - Parameters:
  ///   - state: what was prepared; nil: the prompt is computed from the inputs as they lie there.
  ///   - sizes: the entries of the step, which have been placed.
  ///   - slots: the slot of each entry.
  ///   - rowSlots: the slot of each row.
  ///   - sites: the sites whose values are wanted, for which the prompt is computed again.
  ///   - receive: is handed them.
  /// - Throws: `EngineError` for a state of other entries.
  func use(
    _ state: PromptState?, _ sizes: [EntrySize], _ slots: [Int32], _ rowSlots: [Int32]?,
    observing sites: Set<String>, _ receive: (_ site: String, _ values: [Float], _ width: Int) -> Void
  ) throws {
    guard let state else {
      precondition(prompt == nil, "the inputs of a prompt are written where there is room for them")
      return run(bound.prompt, observing: sites, receive)
    }
    guard state.sizes == sizes else {
      throw EngineError("a step of other entries than those that its prompt was prepared for")
    }
    try load(state)
    let isWanted = !sites.isEmpty && bound.prompt.values.contains { $0.site.map(sites.contains) ?? false }
    let isOld = promptFollowsDials && !isOf(slots, rowSlots, state)
    guard isWanted || isOld else { return }
    run(bound.prompt, observing: sites, receive)
    if isOld {
      note(slots, rowSlots, in: state)
      state.isCopied = false
    }
  }

  private func load(_ state: PromptState) throws {
    guard prompt !== state else { return }
    try makeRoomForPrompt()
    guard let copy = state.copy, state.isCopied else { preconditionFailure("a prompt of this engine") }
    var place = UnsafeRawPointer(copy.base)
    for part in parts(of: state) {
      part.baseAddress!.copyMemory(from: place, byteCount: part.count)
      place += part.count
    }
    prompt = state
  }

  private func parts(of state: PromptState) -> [UnsafeMutableRawBufferPointer] {
    bound.promptMemory.parts(of: state.sizes) { location in
      guard let symbol = location.rows.symbol else { return location.rows.factor }
      return location.rows.factor * state.sizes.count(plan.limits[symbol].symbol)
    }
  }

  private func note(_ slots: [Int32], _ rowSlots: [Int32]?, in state: PromptState) {
    state.slots = slots
    state.rowSlots = rowSlots
    state.versions = (slots + (rowSlots ?? [])).map { slotVersions[Int($0)] }
  }

  /// Whether a state was computed with these slots as they are now.
  private func isOf(_ slots: [Int32], _ rowSlots: [Int32]?, _ state: PromptState) -> Bool {
    guard state.slots == slots, state.rowSlots == rowSlots else { return false }
    for (index, slot) in slots.enumerated() where state.versions[index] != slotVersions[Int(slot)] {
      return false
    }
    for (index, slot) in (rowSlots ?? []).enumerated()
    where state.versions[slots.count + index] != slotVersions[Int(slot)] {
      return false
    }
    return true
  }
}
