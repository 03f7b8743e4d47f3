import ActIR
import ActPlan

/// The slots of an engine, by the values that they hold: acquired, counted and released.
///
/// A slot that nobody holds keeps its values until others need it, so that the same values are not computed again. Slot
/// 0, the bare model, is nobody's.
package final class SlotPool {
  private struct Slot {
    var values: SlotValues
    var holderCount = 0
  }

  private let engine: Engine
  private var slots: [Slot] = []
  /// Slots that rows of the step in the making name, and nothing after it.
  private var retired: [Int32] = []

  package init(_ engine: Engine) { self.engine = engine }

  /// How many holders the slots have, all together; 0 where everything was released.
  package var holderCount: Int { slots.reduce(0) { $0 + $1.holderCount } }

  /// The slot of a set of values, set on the engine where it is new; release it as often as it was acquired.
  ///
  /// - Throws: `EngineError` for a dial or a gate that does not exist, or where every slot is held.
  package func acquire(_ values: SlotValues) throws -> Int32 {
    guard let slot = try acquireIfFree(values) else {
      throw EngineError("more than \(engine.maximumSlots - 1) sets of strengths at once")
    }
    return slot
  }

  /// The slot of a set of strengths, as ``acquire(_:)-(SlotValues)``.
  package func acquire(_ strengths: [String: Float]) throws -> Int32 { try acquire(SlotValues(strengths)) }

  /// The same; nil where every slot is held.
  func acquireIfFree(_ values: SlotValues) throws -> Int32? {
    try engine.check(values.strengths)
    let values = values.reduced
    if values.strengths.isEmpty { return 0 }
    if let index = slots.firstIndex(where: { $0.values == values }) {
      slots[index].holderCount += 1
      return Int32(index + 1)
    }
    var index = slots.count
    if index + 1 >= engine.maximumSlots {
      guard let free = slots.firstIndex(where: { $0.holderCount == 0 }) else { return nil }
      index = free
    }
    try engine.set(values, slot: index + 1)
    let slot = Slot(values: values, holderCount: 1)
    if index == slots.count { slots.append(slot) } else { slots[index] = slot }
    return Int32(index + 1)
  }

  package func release(_ slot: Int32) {
    guard slot > 0 else { return }
    precondition(slots[Int(slot) - 1].holderCount > 0, "released more often than acquired")
    slots[Int(slot) - 1].holderCount -= 1
  }

  /// Releases a slot once the rows that wait have run; see ``releaseRetired()``.
  func retire(_ slot: Int32) { retired.append(slot) }

  /// Releases what was retired: no row that waits names it any more.
  func releaseRetired() {
    for slot in retired { release(slot) }
    retired.removeAll(keepingCapacity: true)
  }
}
