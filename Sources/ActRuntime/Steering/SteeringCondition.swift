/// When a map acts: tests of scores, joined by `and`, `or` and `not`.
package indirect enum SteeringCondition: Hashable, Sendable {
  case test(ScoreTest)
  case not(SteeringCondition)
  case and(SteeringCondition, SteeringCondition)
  case or(SteeringCondition, SteeringCondition)
}

/// A score beside a threshold.
package struct ScoreTest: Hashable, Sendable {
  /// Whose score it is, as it is written before the name of the score.
  package enum Subject: String, Hashable, Sendable, CaseIterable {
    /// Each token's own.
    case token = "cos"
    /// The prompt's, pooled from those of its tokens.
    case last, mean, max, min
  }

  package enum Comparison: String, Hashable, Sendable, CaseIterable {
    case above = ">"
    case atLeast = ">="
    case below = "<"
    case atMost = "<="

    /// What holds of a number where this does not.
    var opposite: Comparison {
      switch self {
      case .above: .atMost
      case .atLeast: .below
      case .below: .atLeast
      case .atMost: .above
      }
    }
  }

  package var subject: Subject
  package var score: String
  package var comparison: Comparison
  package var threshold: Double

  package init(_ subject: Subject, of score: String, _ comparison: Comparison, _ threshold: Double) {
    self.subject = subject
    self.score = score
    self.comparison = comparison
    self.threshold = threshold
  }

  /// Whether a number meets it; one that is not a number does not.
  package func holds(of number: Double) -> Bool {
    switch comparison {
    case .above: number > threshold
    case .atLeast: number >= threshold
    case .below: number < threshold
    case .atMost: number <= threshold
    }
  }

  /// The floats that meet the test, or those that do not.
  func range(isNegated: Bool) -> ScoreRange {
    let nearest = Float(threshold)
    // The least float above the threshold, at or above it, and so on: it need not be a float itself.
    switch isNegated ? comparison.opposite : comparison {
    case .above:
      return ScoreRange(lower: Double(nearest) > threshold ? nearest : nearest.nextUp, upper: .infinity)
    case .atLeast:
      return ScoreRange(lower: Double(nearest) >= threshold ? nearest : nearest.nextUp, upper: .infinity)
    case .below:
      return ScoreRange(lower: -.infinity, upper: Double(nearest) < threshold ? nearest : nearest.nextDown)
    case .atMost:
      return ScoreRange(lower: -.infinity, upper: Double(nearest) <= threshold ? nearest : nearest.nextDown)
    }
  }
}

/// What of a condition is left to test for each token, once the prompt's tests are decided.
package enum TokenTests: Hashable, Sendable {
  case never
  /// All of these ranges must hold the token's scores, by name; without any, the map acts at every token.
  case ranges([String: ScoreRange])

  package static let always = TokenTests.ranges([:])
}

extension SteeringCondition {
  /// Every test, from left to right.
  package var tests: [ScoreTest] {
    switch self {
    case .test(let test): [test]
    case .not(let condition): condition.tests
    case .and(let a, let b), .or(let a, let b): a.tests + b.tests
    }
  }

  /// The tests of a prompt, each once.
  package var promptTests: [ScoreTest] {
    tests.reduce(into: []) { found, test in
      if test.subject != .token, !found.contains(test) { found.append(test) }
    }
  }

  /// What is left for each token where the prompt's tests come out as `holds` says; nil where it is no conjunction.
  package func decided(_ holds: (ScoreTest) -> Bool) -> TokenTests? { decided(isNegated: false, holds) }

  private func decided(isNegated: Bool, _ holds: (ScoreTest) -> Bool) -> TokenTests? {
    switch self {
    case .test(let test):
      guard test.subject == .token else { return holds(test) != isNegated ? .always : .never }
      return .ranges([test.score: test.range(isNegated: isNegated)])
    case .not(let condition): return condition.decided(isNegated: !isNegated, holds)
    case .and(let a, let b), .or(let a, let b):
      let isConjunction = if case .and = self { !isNegated } else { isNegated }
      let x = a.decided(isNegated: isNegated, holds)
      let y = b.decided(isNegated: isNegated, holds)
      // One side may settle it, whatever the other is.
      if isConjunction {
        if x == .never || y == .never { return .never }
        guard case .ranges(let x)? = x, case .ranges(let y)? = y else { return nil }
        let both = x.merging(y) { $0.intersection($1) }
        return both.values.contains(where: \.isEmpty) ? .never : .ranges(both)
      }
      if x == .always || y == .always { return .always }
      if x == .never { return y }
      return y == .never || x == y ? x : nil
    }
  }

  /// The most tests of a prompt in one condition: each doubles the ways in which it may come out.
  package static let mostPromptTests = 10

  /// Every way in which the prompt's tests may come out, and what it leaves for each token; nil where one leaves no
  /// conjunction.
  package var outcomes: [TokenTests]? {
    let tests = promptTests
    var outcomes: [TokenTests] = []
    for bits in 0..<1 << tests.count {
      guard let outcome = decided({ bits >> tests.firstIndex(of: $0)! & 1 == 1 }) else { return nil }
      outcomes.append(outcome)
    }
    return outcomes
  }
}

extension ScoreTest: CustomStringConvertible {
  /// The text that parses to it.
  package var description: String {
    let number = Int(exactly: threshold).map { "\($0)" } ?? "\(threshold)"
    return "\(subject.rawValue)(\(score)) \(comparison.rawValue) \(number)"
  }
}

extension SteeringCondition: CustomStringConvertible {
  /// The text that parses to it.
  package var description: String {
    switch self {
    case .test(let test): return test.description
    case .not(let condition):
      switch condition {
      case .test, .not: return "not \(condition)"
      case .and, .or: return "not (\(condition))"
      }
    case .and(let a, let b):
      return "\(a.asOperand(ofAnd: true)) and \(b.asOperand(ofAnd: true, isRight: true))"
    case .or(let a, let b): return "\(a) or \(b.asOperand(ofAnd: false, isRight: true))"
    }
  }

  /// The text as an operand, which keeps its place in the tree.
  private func asOperand(ofAnd isAnd: Bool, isRight: Bool = false) -> String {
    switch self {
    case .or: "(\(self))"
    case .and where isAnd && isRight: "(\(self))"
    case .test, .not, .and: description
    }
  }
}
