import ActIR
import ActPlan

/// Walks along the positions of a sequence, and holds the slot of the one that it has come to.
///
/// A sequence holds one slot at a time, so that an engine with a slot for each of its sequences never lacks one.
struct SlotCursor {
  private let promptCount: Int
  private let scopes: [String: TokenScope]
  private var parts: [Steering.Part]
  private var slot: Int32 = 0
  /// The positions that have the slot.
  private var span = 0..<0

  init(_ parts: [Steering.Part], _ plan: Plan, promptCount: Int) {
    self.parts = parts
    self.promptCount = promptCount
    scopes = Dictionary(uniqueKeysWithValues: plan.scopes.map { ($0.name, $0.scope) })
  }

  /// The slot of a position; nil where every slot is held by others, among them rows that wait.
  ///
  /// - Throws: what the pool throws.
  mutating func slot(at position: Int, _ pool: SlotPool) throws -> Int32? {
    if span.contains(position) { return slot }
    let values = values(at: position)
    let next = try pool.acquireIfFree(values)
    pool.retire(slot)
    (slot, span) = (0, 0..<0)
    guard let next else { return nil }
    slot = next
    span = position..<(nextChange(after: position) ?? .max)
    return slot
  }

  /// The values of a position where they are not those of the one before; who asks holds the slot.
  mutating func newValues(at position: Int) -> SlotValues? {
    if span.contains(position) { return nil }
    span = position..<(nextChange(after: position) ?? .max)
    return values(at: position)
  }

  /// Steers by other parts from the next position on.
  mutating func turn(to parts: [Steering.Part]) {
    self.parts = parts
    span = 0..<0
  }

  /// Gives the slot up once the rows that wait have run.
  mutating func end(_ pool: SlotPool) {
    pool.retire(slot)
    (slot, span) = (0, 0..<0)
  }

  private func values(at position: Int) -> SlotValues {
    var values = SlotValues()
    for part in parts where scopes[part.name]?.contains(position: position, promptCount: promptCount) == true
    {
      values.strengths[part.name] = part.schedule.strength(ofGenerated: position - promptCount)
      values.gates.merge(part.gates) { $1 }
    }
    return values
  }

  private func nextChange(after position: Int) -> Int? {
    parts.compactMap { part in
      let scoped = scopes[part.name]?.nextChange(after: position, promptCount: promptCount)
      let scheduled = part.schedule.nextChange(afterGenerated: position - promptCount).map {
        $0 + promptCount
      }
      return [scoped, scheduled].compactMap { $0 }.min()
    }.min()
  }
}
