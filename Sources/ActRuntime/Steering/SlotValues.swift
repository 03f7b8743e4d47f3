import ActIR

/// The scores at which a gated map acts; both ends belong to it.
package struct ScoreRange: Hashable, Sendable {
  package var lower: Float
  package var upper: Float

  /// Every score.
  package static let all = ScoreRange(lower: -.infinity, upper: .infinity)

  package init(lower: Float, upper: Float) {
    self.lower = lower
    self.upper = upper
  }

  package var isEmpty: Bool { lower > upper }

  package func intersection(_ other: ScoreRange) -> ScoreRange {
    ScoreRange(lower: max(lower, other.lower), upper: min(upper, other.upper))
  }
}

/// What a slot holds: how strong each map is, and at which scores of a token it acts.
package struct SlotValues: Hashable, Sendable {
  /// By map; maps that are not named are off.
  package var strengths: [String: Float]
  /// Gates that are not named let every token through.
  package var gates: [Gate: ScoreRange]

  package init(_ strengths: [String: Float] = [:], gates: [Gate: ScoreRange] = [:]) {
    self.strengths = strengths
    self.gates = gates
  }

  /// Without what changes nothing: maps that are off and their gates, and gates that let everything through.
  package var reduced: SlotValues {
    let strengths = strengths.filter { $0.value != 0 }
    return SlotValues(strengths, gates: gates.filter { strengths[$0.key.map] != nil && $0.value != .all })
  }
}
