import ActRuntime
import ActTerminal
import ArgumentParser

/// The steering expression and the threads, the same for every command.
struct SteeringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Strengths by map, as in football=0.5,formal=0.3. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.",
      valueName: "expression"))
  var steer: [String] = []
  @Option(name: .shortAndLong, help: "Threads; by default one a processor.") var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
    _ = try expression()
  }

  func expression() throws -> SteeringExpression { try SteeringExpression(parsing: steer) }

  /// The sets of strengths that the model's dials are turned to; one, of no map, where nothing is steered.
  ///
  /// Warns of strengths that extrapolate, once the dials are known to exist.
  func combinations(for model: LanguageModel) throws -> [[String: Float]] {
    try combinations(for: model.engine)
  }

  private func combinations(for engine: Engine) throws -> [[String: Float]] {
    let expression = try expression()
    let names = expression.terms.map { ($0.name, Float(0)) }
    try engine.setStrengths(Dictionary(uniqueKeysWithValues: names), slot: 0)
    for name in expression.extrapolated {
      warn("strength of `\(name)` outside [0, 1] extrapolates the map")
    }
    return expression.combinations
  }

  /// The strengths of an expression without ranges.
  func strengths(for model: LanguageModel) throws -> [String: Float] { try strengths(for: model.engine) }

  func strengths(for engine: Engine) throws -> [String: Float] { try combinations(for: engine)[0] }

  /// Refuses ranges, for commands that run once.
  func validateSingle() throws {
    guard try expression().single != nil else {
      throw ValidationError(
        "--steer: expected one strength for each map; generate, score and eval take ranges")
    }
  }
}
