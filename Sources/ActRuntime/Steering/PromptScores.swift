/// The scores of a prompt's tokens, gathered in order of position, so that no cut into steps changes what they come to.
struct PromptScores {
  private struct Pool {
    var score: String
    /// Of the plan.
    var result: String
    var sum = 0.0
    var last = Double.nan
    var least = Double.infinity
    var greatest = -Double.infinity
  }

  private var pools: [Pool]
  private(set) var count = 0

  /// Of scores that the plan returns.
  init(_ scores: [String]) { pools = scores.map { Pool(score: $0, result: "score.\($0)") } }

  /// Takes the scores of the next token, which was row `row` of the step that has run.
  mutating func take(row: Int, of engine: Engine) {
    count += 1
    for index in pools.indices {
      let value = Double(engine.result(pools[index].result)![row])
      pools[index].sum += value
      pools[index].last = value
      pools[index].least = min(pools[index].least, value)
      pools[index].greatest = max(pools[index].greatest, value)
    }
  }

  /// The prompt's score: what a test compares with its threshold.
  func value(_ test: ScoreTest) -> Double {
    guard let pool = pools.first(where: { $0.score == test.score }) else { return .nan }
    return switch test.subject {
    case .last: pool.last
    case .mean: pool.sum / Double(count)
    case .max: pool.greatest
    case .min: pool.least
    case .token: .nan
    }
  }
}
