import ActErrors

/// What `--steer` takes: strengths by map name, written `toxicity=0.7,formal=0.3`.
///
/// A strength may be a range `0:1:0.1`, or change over the generated tokens, `0->1 over 32` or `1 until 16`; and it may
/// hang on scores, `0.8 when cos(hate) > 0.3 and not max(code) > 0.5`. Several expressions are one, as if commas joined
/// them.
package struct SteeringExpression: Hashable, Sendable {
  /// One map, its strengths, and when it acts.
  package struct Term: Hashable, Sendable {
    package var name: String
    /// One, or one for each step of a range.
    package var schedules: [StrengthSchedule]
    package var condition: SteeringCondition?

    package init(name: String, schedules: [StrengthSchedule], condition: SteeringCondition? = nil) {
      self.name = name
      self.schedules = schedules
      self.condition = condition
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
  static let mostSteps = 1000
  private static let mostCombinations = 10_000

  package init(parsing text: String) throws(Malformed) { try self.init(parsing: [text]) }

  package init(parsing texts: [String]) throws(Malformed) {
    terms = []
    for text in texts {
      var parser = try SteeringParser(text)
      for term in try parser.terms() {
        guard !terms.contains(where: { $0.name == term.name }) else {
          throw Malformed(description: "`\(text)`: `\(term.name)` given twice")
        }
        terms.append(term)
        // A term has at most a thousand and one strengths, so the product cannot overflow before it is refused.
        guard terms.reduce(1, { $0 * $1.schedules.count }) <= Self.mostCombinations else {
          throw Malformed(
            description: "`\(text)`: expected at most \(Self.mostCombinations) combinations of strengths")
        }
      }
    }
  }

  /// Every combination of the terms' strengths, the last term fastest.
  package var combinations: [Steering] {
    terms.reduce([Steering()]) { partial, term in
      partial.flatMap { steering in
        term.schedules.map { schedule in
          var steering = steering
          steering.terms[term.name] = Steering.Term(schedule, when: term.condition)
          return steering
        }
      }
    }
  }

  /// The steering, where every term has one strength.
  package var single: Steering? {
    let all = combinations
    return all.count == 1 ? all[0] : nil
  }

  /// The terms with a strength outside [0, 1], where a transport goes beyond its target or away from it.
  package var extrapolated: [String] {
    terms.filter { $0.schedules.contains(where: \.extrapolates) }.map(\.name)
  }
}

extension Steering.Term {
  /// Parses what stands after `NAME=` in an expression, without a range; the inverse of ``description``.
  package init(parsing text: String) throws(SteeringExpression.Malformed) {
    var parser = try SteeringParser(text)
    self = try parser.term()
  }
}
