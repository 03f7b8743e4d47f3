import ActRuntime
import ActTerminal
import ArgumentParser

/// The steering expression and the threads, the same for every command.
struct SteeringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in \
      football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several \
      of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.
      """,
      valueName: "expression"))
  var steer: [String] = []
  @Option(
    help: """
      Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is \
      then read a second time.
      """)
  var conditionOn = ConditionedText.generated
  @Option(name: .shortAndLong, help: "Threads; by default one a processor.") var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
    _ = try expression()
  }

  /// Where maps act that hang on the prompt.
  enum ConditionedText: String, ExpressibleByArgument, CaseIterable {
    case generated, prompt
  }

  func expression() throws -> SteeringExpression { try SteeringExpression(parsing: steer) }

  /// The sets of strengths that the model's dials are turned to; one, of no map, where nothing is steered.
  ///
  /// Warns of strengths that extrapolate, once the dials are known to exist.
  func combinations(for model: LanguageModel) throws -> [Steering] {
    try combinations(for: model.engine)
  }

  private func combinations(for engine: Engine) throws -> [Steering] {
    let expression = try expression()
    var combinations = expression.combinations
    for index in combinations.indices { combinations[index].readsPromptAgain = conditionOn == .prompt }
    try engine.check(combinations[0])
    for name in expression.extrapolated {
      warn("strength of `\(name)` outside [0, 1] extrapolates the map")
    }
    return combinations
  }

  /// The strengths of an expression without ranges.
  func strengths(for model: LanguageModel) throws -> Steering { try strengths(for: model.engine) }

  func strengths(for engine: Engine) throws -> Steering { try combinations(for: engine)[0] }

  /// Refuses ranges, for commands that run once.
  func validateSingle() throws {
    guard try expression().single != nil else {
      throw ValidationError(
        "--steer: expected one strength for each map; generate, score and eval take ranges")
    }
  }
}
