import ActIR
import ActPlan

/// A sequence of the engine and its steering: the slot that its next row names, and what its prompt scores.
package final class SteeredSequence {
  package let id: Int32
  /// Positions from here on are generated.
  package let promptCount: Int
  private let steering: Steering
  private var cursor: SlotCursor
  /// While tests of the prompt are undecided, the scores of its tokens so far.
  private var scores: PromptScores?

  /// Whether no test of the prompt is open. Until then maps that hang on one are off, and rows after the prompt cannot
  /// be read.
  package var isDecided: Bool { scores == nil }
  /// Whether the prompt is to be read from its first position again, now that its tests are decided.
  package private(set) var beginsAgain = false
  /// Whether what the rows give now is replaced when the prompt is read again.
  package var isProvisional: Bool { !isDecided && steering.readsPromptAgain }

  init(_ id: Int32, _ steering: Steering, promptCount: Int, of engine: Engine) throws {
    self.id = id
    self.promptCount = promptCount
    self.steering = steering
    let scores = steering.reduced.promptScores
    if !scores.isEmpty {
      guard promptCount > 0 else {
        throw EngineError("a condition on a prompt of no tokens; its scores cannot be pooled")
      }
      self.scores = PromptScores(scores)
    }
    cursor = SlotCursor(
      steering.parts(scores.isEmpty ? { _ in false } : nil), engine.plan, promptCount: promptCount)
  }

  /// The slot of the row at a position; nil where none is free until the rows that wait have run.
  func slot(at position: Int, _ pool: SlotPool) throws -> Int32? {
    precondition(isDecided || position < promptCount, "the prompt's tests are decided first")
    return try cursor.slot(at: position, pool)
  }

  /// Takes the scores of its next token, and after the prompt's last decides.
  func take(row: Int, of engine: Engine) {
    scores?.take(row: row, of: engine)
    guard let scores, scores.count == promptCount else { return }
    cursor.turn(to: steering.parts { $0.holds(of: scores.value($0)) })
    self.scores = nil
    beginsAgain = steering.readsPromptAgain
  }

  /// Notes that the prompt is being read again.
  package func begin() { beginsAgain = false }

  func end(_ pool: SlotPool) { cursor.end(pool) }
}

extension LanguageModel {
  /// Opens a sequence of at most `capacity` tokens; ``close(_:)`` gives back what it holds.
  ///
  /// - Throws: `EngineError` for a steering that names what the plan does not have, tests of an empty prompt, or no room.
  package func open(_ steering: Steering, promptCount: Int, capacity: Int) throws -> SteeredSequence {
    try engine.check(steering)
    let id = try engine.openSequence(capacity: capacity)
    do { return try SteeredSequence(id, steering, promptCount: promptCount, of: engine) } catch {
      engine.closeSequence(id)
      throw error
    }
  }

  /// Closes a sequence, of which no row waits.
  package func close(_ sequence: SteeredSequence) {
    engine.closeSequence(sequence.id)
    sequence.end(slots)
    slots.releaseRetired()
  }

  /// How many sequences may be open together under these steerings: as many as the engine has, or fewer where their slots
  /// change or differ so much that there might be none left.
  package func mostTogether(_ steerings: some Sequence<Steering>) -> Int {
    let different = Set(steerings.lazy.map(\.reduced))
    let isSteady = different.allSatisfy { steering in
      steering.terms.allSatisfy { name, term in
        term.schedule.isConstant && !term.hangsOnPrompt
          && plan.scopes.contains { $0.name == name && $0.scope == .all }
      }
    }
    if isSteady, different.count < engine.maximumSlots { return engine.maximumSequences }
    return max(1, min(engine.maximumSequences, engine.maximumSlots - 1))
  }
}
