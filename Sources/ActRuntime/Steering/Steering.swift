import ActIR
import ActPlan

/// How a text is steered: for each map its strength over the text's tokens, and when it acts.
package struct Steering: Hashable, Sendable {
  /// What is asked of one map.
  package struct Term: Hashable, Sendable {
    package var schedule: StrengthSchedule
    /// nil: it acts always.
    package var condition: SteeringCondition?

    package init(_ schedule: StrengthSchedule, when condition: SteeringCondition? = nil) {
      self.schedule = schedule
      self.condition = condition
    }

    /// One strength, always.
    package init(_ strength: Float) { self.init(StrengthSchedule(strength)) }

    /// The strength of a map that is at one strength always; nil for any other.
    package var strength: Float? { schedule.isConstant && condition == nil ? schedule.first : nil }

    /// Whether it hangs on scores of the prompt.
    package var hangsOnPrompt: Bool { condition.map { !$0.promptTests.isEmpty } ?? false }
  }

  /// By map; maps that are not named are off.
  package var terms: [String: Term]
  /// Whether a prompt is read a second time once its tests are decided, so that maps that hang on them act on it too.
  package var readsPromptAgain = false

  package init(terms: [String: Term], readsPromptAgain: Bool = false) {
    self.terms = terms
    self.readsPromptAgain = readsPromptAgain
  }

  /// Strengths that hold always.
  package init(_ strengths: [String: Float]) { self.init(terms: strengths.mapValues { Term($0) }) }

  /// Whether all maps are off.
  package var isOff: Bool { terms.values.allSatisfy(\.schedule.isOff) }

  /// Without what changes nothing: maps that are off, and how the prompt is read where nothing hangs on it.
  package var reduced: Steering {
    let terms = terms.filter { !$0.value.schedule.isOff }
    return Steering(
      terms: terms, readsPromptAgain: readsPromptAgain && terms.values.contains(where: \.hangsOnPrompt))
  }

  /// The scores of the prompt that it hangs on, in order.
  package var promptScores: [String] {
    Set(terms.values.flatMap { $0.condition?.promptTests ?? [] }.map(\.score)).sorted()
  }
}

extension Steering: ExpressibleByDictionaryLiteral {
  /// Strengths that hold always.
  package init(dictionaryLiteral strengths: (String, Float)...) {
    self.init(Dictionary(uniqueKeysWithValues: strengths))
  }
}

extension Steering.Term: CustomStringConvertible {
  /// The text that parses to it.
  package var description: String { "\(schedule)" + (condition.map { " when \($0)" } ?? "") }
}

extension Steering {
  /// One map's part, with the tests that are left for each token.
  struct Part {
    var name: String
    var schedule: StrengthSchedule
    var gates: [Gate: ScoreRange]
  }

  /// The maps that act once the prompt's tests come out as `holds` says; with nil, before that, those that hang on none.
  func parts(_ holds: ((ScoreTest) -> Bool)?) -> [Part] {
    terms.sorted { $0.key < $1.key }.compactMap { name, term in
      guard !term.schedule.isOff else { return nil }
      guard let condition = term.condition else {
        return Part(name: name, schedule: term.schedule, gates: [:])
      }
      if holds == nil, term.hangsOnPrompt { return nil }
      guard case .ranges(let ranges)? = condition.decided(holds ?? { _ in false }) else { return nil }
      let gates = ranges.map { (Gate(map: name, score: $0.key), $0.value) }
      return Part(name: name, schedule: term.schedule, gates: Dictionary(uniqueKeysWithValues: gates))
    }
  }

  /// What a slot holds far into a text whose prompt meets the tests, whatever the maps' scopes.
  package var settled: SlotValues {
    var values = SlotValues()
    for (name, term) in terms {
      values.strengths[name] = term.schedule.settled
      let outcome = term.condition?.outcomes?.last { $0 != .never } ?? .always
      if case .ranges(let ranges) = outcome {
        for (score, range) in ranges { values.gates[Gate(map: name, score: score)] = range }
      }
    }
    return values
  }
}

extension Engine {
  /// Checks that the plan has all that a steering names.
  ///
  /// - Throws: `EngineError` for a dial, a gate or a score of a prompt that it does not have.
  package func check(_ steering: Steering) throws {
    try check(steering.terms.mapValues { _ in 0 })
    for (name, term) in steering.terms.sorted(by: { $0.key < $1.key }) {
      for test in term.condition?.tests ?? [] { try check(test, of: name) }
    }
  }

  private func check(_ test: ScoreTest, of map: String) throws {
    let (gates, scores) = (plan.gates, plan.scores)
    let hasScore = scores.contains(test.score)
    if test.subject == .token ? gates.contains(Gate(map: map, score: test.score)) : hasScore { return }
    let isKnown = hasScore || gates.contains { $0.score == test.score }
    let known = Set(scores + gates.map(\.score)).sorted().joined(separator: ", ")
    guard isKnown else {
      throw EngineError(
        "no score `\(test.score)`; " + (known.isEmpty ? "the plan has none" : "scores: \(known)")
          + "; `actc compile --score \(test.score)=FILE` makes one")
    }
    throw EngineError(
      test.subject == .token
        ? "`\(map)` has no gate of `\(test.score)`; compile the plan with --gate \(map)=\(test.score)"
        : "the plan does not return the score `\(test.score)`; compile it with --score \(test.score)")
  }
}
