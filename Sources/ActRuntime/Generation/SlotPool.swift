import ActIR
import ActPlan

/// The slots of an engine, by the strengths that they hold: acquired, counted and released.
///
/// A slot that nobody holds keeps its values until another set of strengths needs it, so that the same strengths are not
/// computed again. Slot 0, the bare model, is nobody's.
package final class SlotPool {
  private struct Slot {
    var strengths: [String: Float]
    var holderCount = 0
  }

  private let engine: Engine
  private let scopes: [(name: String, scope: TokenScope)]
  private var slots: [Slot] = []

  package init(_ engine: Engine) {
    self.engine = engine
    scopes = engine.plan.scopes
  }

  /// The slot of a set of strengths, set on the engine where it is new; release it as often as it was acquired.
  ///
  /// - Throws: `EngineError` for a dial that does not exist, or where every slot is held.
  package func acquire(_ strengths: [String: Float]) throws -> Int32 {
    try engine.check(strengths)
    let strengths = strengths.filter { $0.value != 0 }
    if strengths.isEmpty { return 0 }
    if let index = slots.firstIndex(where: { $0.strengths == strengths }) {
      slots[index].holderCount += 1
      return Int32(index + 1)
    }
    var index = slots.count
    if index + 1 >= engine.maximumSlots {
      guard let free = slots.firstIndex(where: { $0.holderCount == 0 }) else {
        throw EngineError("more than \(engine.maximumSlots - 1) sets of strengths at once")
      }
      index = free
    }
    try engine.setStrengths(strengths, slot: index + 1)
    let slot = Slot(strengths: strengths, holderCount: 1)
    if index == slots.count { slots.append(slot) } else { slots[index] = slot }
    return Int32(index + 1)
  }

  package func release(_ slot: Int32) {
    guard slot > 0 else { return }
    precondition(slots[Int(slot) - 1].holderCount > 0, "released more often than acquired")
    slots[Int(slot) - 1].holderCount -= 1
  }

  /// The slots of a sequence's positions: a map is off where its scope ends.
  ///
  /// - Parameters:
  ///   - strengths: the steering of the sequence.
  ///   - promptCount: how many of its tokens are the prompt.
  ///   - length: how many tokens it may have.
  /// - Returns: the slots, each acquired once; release them together.
  /// - Throws: as ``acquire(_:)``; then no slot is held.
  package func acquire(
    _ strengths: [String: Float], promptCount: Int, length: Int
  ) throws -> SlotSpans {
    var spans = SlotSpans()
    do {
      var applied: [Bool] = []
      for position in 0..<max(length, 1) {
        let here = scopes.map { $0.scope.contains(position: position, promptCount: promptCount) }
        if position > 0, here == applied { continue }
        applied = here
        var active = strengths
        for (index, scope) in scopes.enumerated() where !here[index] && active[scope.name] != nil {
          active[scope.name] = 0
        }
        spans.append(try acquire(active), from: position)
      }
    } catch {
      release(spans)
      throw error
    }
    return spans
  }

  package func release(_ spans: SlotSpans) {
    for slot in spans.slots { release(slot) }
  }
}

/// Which slot each position of a sequence names: few spans, since scopes are intervals.
package struct SlotSpans: Sendable {
  private var starts: [Int] = []
  fileprivate private(set) var slots: [Int32] = []

  fileprivate init() {}

  fileprivate mutating func append(_ slot: Int32, from start: Int) {
    starts.append(start)
    slots.append(slot)
  }

  /// The slot at a position; past the last span, that span's.
  package subscript(position: Int) -> Int32 {
    var index = starts.count - 1
    while index > 0, starts[index] > position { index -= 1 }
    return slots[index]
  }
}

extension LanguageModel {
  /// How many sets of strengths requests that run together may have.
  ///
  /// A scope is one interval of positions, so the scopes of n maps cut a sequence into at most 2 n + 1 parts.
  package var mostStrengthsTogether: Int {
    let parts = 1 + 2 * plan.scopes.count { $0.scope != .all }
    return max(1, (engine.maximumSlots - 1) / parts)
  }
}
