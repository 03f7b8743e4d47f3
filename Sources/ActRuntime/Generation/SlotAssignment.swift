import ActIR
import ActPlan

/// Which slot each row of a call names: one for every set of strengths that some row is under.
///
/// A row outside a map's token scope is under strength 0 of that map, so that a scoped map folds like any other.
struct SlotAssignment {
  private let scopes: [(name: String, scope: TokenScope)]
  private let isScoped: Bool
  private var slots: [[String: Float]: Int32] = [:]

  init(_ plan: Plan) {
    scopes = plan.scopes
    isScoped = scopes.contains { $0.scope != .all }
  }

  /// The most slots that rows under one set of strengths name.
  ///
  /// A scope is one interval of positions, so the scopes of n maps cut a sequence into at most 2 n + 1 parts.
  static func slotsPerStrengths(_ plan: Plan) -> Int {
    1 + 2 * plan.scopes.count { $0.scope != .all }
  }

  /// The slot for a row at `position` of a sequence of `promptCount` prompt tokens, steered with `strengths`; set on
  /// the engine where it is new.
  mutating func slot(
    _ strengths: [String: Float], position: Int, promptCount: Int, on engine: Engine
  ) throws -> Int32 {
    guard isScoped else { return try slot(strengths, on: engine) }
    var active = strengths
    for (name, scope) in scopes where !scope.contains(position: position, promptCount: promptCount) {
      if active[name] != nil { active[name] = 0 }
    }
    return try slot(active, on: engine)
  }

  private mutating func slot(_ strengths: [String: Float], on engine: Engine) throws -> Int32 {
    if let slot = slots[strengths] { return slot }
    let isBare = strengths.values.allSatisfy { $0 == 0 }
    let slot = isBare ? 0 : Int32(slots.values.count { $0 != 0 } + 1)
    // For slot 0 too, so that an unknown dial is an error at strength 0.
    try engine.setStrengths(strengths, slot: Int(slot))
    slots[strengths] = slot
    return slot
  }
}

extension LanguageModel {
  /// How many sets of strengths requests that run together may have.
  package var mostStrengthsTogether: Int {
    max(1, (engine.maximumSlots - 1) / SlotAssignment.slotsPerStrengths(plan))
  }
}
