import ActFormats
import ActRuntime
import ActTerminal
import ActText
import ArgumentParser

@main
struct Actrun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "actrun",
    abstract: "Runs plans: generates, scores and measures, with steering strengths turned at run time.",
    version: toolVersion,
    subcommands: [
      GenerateCommand.self, RunCommand.self, ScoreCommand.self, EvalCommand.self, BenchCommand.self,
    ])

  static func main() {
    runTool(Self.self) { error in
      switch error {
      case is EngineError, is SteeringExpression.Malformed, is SitePatternError: .usage
      case let error as NotFiniteError: error.isSteered ? .usage : .badFile
      default: nil
      }
    }
  }
}
