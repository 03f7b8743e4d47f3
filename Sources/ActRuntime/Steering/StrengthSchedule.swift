/// How strong a map is over the tokens that a sequence generates: `0.5`, `0->1 over 32`, `1 until 16`.
package struct StrengthSchedule: Hashable, Sendable {
  /// At the prompt and the first generated token.
  package var first: Float
  /// After the ramp.
  package var last: Float
  /// How many generated tokens the ramp from `first` to `last` takes; 0 where there is none.
  package var length: Int
  /// From this generated token on, counted from 0, the map is off; nil: never.
  package var end: Int?

  /// A ramp moves in at most so many steps, since each of its strengths takes a slot.
  package static let mostSteps = 16
  /// More tokens than any sequence has.
  static let mostTokens = 1 << 24

  /// One strength, or a ramp of `length` generated tokens; until `end` generated tokens have come, where that is given.
  package init(_ first: Float, to last: Float? = nil, over length: Int = 0, until end: Int? = nil) {
    self.first = first
    self.last = last ?? first
    self.length = length
    self.end = end
  }

  private var steps: Int { min(length, Self.mostSteps) }

  /// The strength at a generated token, counted from 0; below 0 are the prompt's.
  package func strength(ofGenerated index: Int) -> Float {
    if let end, index >= end { return 0 }
    if length == 0 || index <= 0 { return first }
    if index >= length { return last }
    let share = Double(index * steps / length) / Double(steps)
    return Float(Double(first) + (Double(last) - Double(first)) * share)
  }

  /// The first generated token after `index` at which the strength may be another; nil where there is none.
  func nextChange(afterGenerated index: Int) -> Int? {
    var changes = [end].compactMap { $0 }
    if length > 0, index < length {
      let step = max(index, 0) * steps / length + 1
      changes.append((step * length + steps - 1) / steps)
    }
    return changes.filter { $0 > index }.min()
  }

  /// Whether the map is off at every token.
  package var isOff: Bool { first == 0 && last == 0 }

  /// Whether every token has one strength.
  package var isConstant: Bool { first == last && end == nil }

  /// The strength at which the map is when a text is long, before it ends: of a ramp, the last.
  package var settled: Float { length > 0 ? last : first }

  /// Whether a strength is outside [0, 1], where a transport goes beyond its target or away from it.
  var extrapolates: Bool { !(0...1).contains(first) || !(0...1).contains(last) }
}

extension StrengthSchedule: CustomStringConvertible {
  /// The text that parses to it.
  package var description: String {
    let ramp = length > 0 ? "->\(strengthText(last)) over \(length)" : ""
    return strengthText(first) + ramp + (end.map { " until \($0)" } ?? "")
  }
}

/// A strength in the shortest spelling that reads back as the same: `0.5`, and `1` rather than `1.0`.
package func strengthText(_ strength: Float) -> String {
  Int(exactly: strength).map { "\($0)" } ?? "\(strength)"
}
