import ActRuntime
import ActTerminal
import ArgumentParser

/// The steering expression and the threads, the same for every command.
struct SteeringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0:1:0.25.",
      valueName: "expression"))
  var steer: String?
  @Option(name: .shortAndLong, help: "Threads; by default one a processor.") var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
    if let steer { _ = try SteeringExpression(parsing: steer) }
  }

  func expression() throws -> SteeringExpression {
    guard let steer else { return SteeringExpression(terms: []) }
    let expression = try SteeringExpression(parsing: steer)
    for name in expression.extrapolated {
      warn("strength of `\(name)` outside [0, 1] extrapolates the map")
    }
    return expression
  }

  /// The strengths of an expression without ranges.
  func strengths() throws -> [String: Float] {
    guard let strengths = try expression().single else {
      throw ValidationError("--steer: a range here needs `actrun eval`")
    }
    return strengths
  }
}
