import ActErrors

/// Strengths by map name, written `toxicity=0.7,formal=0.3`; a strength may be a range `0:1:0.1`.
///
/// Several expressions are one, as if commas joined them.
package struct SteeringExpression: Hashable, Sendable {
  /// One map and its strengths.
  package struct Term: Hashable, Sendable {
    package var name: String
    /// One strength, or the steps of a range.
    package var strengths: [Float]

    package init(name: String, strengths: [Float]) {
      self.name = name
      self.strengths = strengths
    }
  }

  package var terms: [Term]

  package init(terms: [Term]) { self.terms = terms }

  /// A malformed expression; exit code 2.
  package struct Malformed: ToolError, Hashable {
    package var exitStatus: ExitStatus { .usage }
    package var description: String

    package init(description: String) { self.description = description }
  }

  /// Ranges of more steps than this, and more combinations of them, are taken for a slip of the finger.
  private static let mostSteps = 1000
  private static let mostCombinations = 10_000

  package init(parsing text: String) throws(Malformed) { try self.init(parsing: [text]) }

  package init(parsing texts: [String]) throws(Malformed) {
    terms = []
    for text in texts { try append(text) }
  }

  private mutating func append(_ text: String) throws(Malformed) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else {
        throw Malformed(description: "`\(part)`: expected NAME=STRENGTH, as in `football=0.5`")
      }
      let name = String(sides[0])
      guard !terms.contains(where: { $0.name == name }) else {
        throw Malformed(description: "`\(text)`: `\(name)` given twice")
      }
      terms.append(Term(name: name, strengths: try Self.strengths(String(sides[1]))))
      // A term has at most a thousand and one strengths, so the product cannot overflow before it is refused.
      guard terms.reduce(1, { $0 * $1.strengths.count }) <= Self.mostCombinations else {
        throw Malformed(
          description: "`\(text)`: expected at most \(Self.mostCombinations) combinations of strengths")
      }
    }
  }

  private static func strengths(_ text: String) throws(Malformed) -> [Float] {
    let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    let values = numbers.compactMap { $0 }
    guard values.count == numbers.count, values.allSatisfy({ Float($0).isFinite }) else {
      throw Malformed(description: "`\(text)`: expected a strength or FIRST:LAST:STEP")
    }
    if values.count == 1 { return [Float(values[0])] }
    guard values.count == 3, values[2] > 0, values[0] <= values[1],
      (values[1] - values[0]) / values[2] <= Double(mostSteps)
    else {
      throw Malformed(
        description: "`\(text)`: expected FIRST:LAST:STEP, rising, of at most \(mostSteps) steps")
    }
    // A little beyond the end, so that rounding does not lose the last step.
    let count = Int((values[1] - values[0]) / values[2] + 1e-6)
    return (0...count).map { Float(values[0] + Double($0) * values[2]) }
  }

  /// Every combination of the terms' strengths, the last term fastest.
  package var combinations: [[String: Float]] {
    terms.reduce([[:]]) { partial, term in
      partial.flatMap { strengths in
        term.strengths.map { strengths.merging([term.name: $0]) { $1 } }
      }
    }
  }

  /// The strengths, where every term has one.
  package var single: [String: Float]? {
    let all = combinations
    return all.count == 1 ? all[0] : nil
  }

  /// The terms with a strength outside [0, 1], where a transport goes beyond its target or away from it.
  package var extrapolated: [String] {
    terms.filter { $0.strengths.contains { !(0...1).contains($0) } }.map(\.name)
  }
}
