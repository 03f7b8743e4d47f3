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
      GenerateCommand.self, ChatCommand.self, EmbedCommand.self, ClassifyCommand.self, RunCommand.self,
      ImageCommand.self, ScoreCommand.self, EvalCommand.self, BenchCommand.self,
    ])

  static func main() { runTool(Self.self) }
}
