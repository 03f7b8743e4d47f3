import ActPasses
import ActTerminal
import ArgumentParser

struct Actc: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "actc",
    abstract: "Compiles language models with steering maps into plans for actrun.", version: toolVersion,
    subcommands: [
      ImportCommand.self, FitCommand.self, CollectCommand.self, SolveCommand.self, SearchCommand.self,
      ConvertCommand.self, ConceptorCommand.self, CompileCommand.self, BakeCommand.self, OptCommand.self,
      ShowCommand.self, ModelsCommand.self, SitesCommand.self, MethodsCommand.self, NewMethodCommand.self,
      PassesCommand.self,
    ])
}

/// Runs the command that the process's arguments name, and ends the process with the documented exit code.
///
/// The whole of an `actc` that knows another method is `runActc(adding: [method])`.
///
/// - Parameter methods: methods beside the registered ones, each with a name of its own.
public func runActc(adding methods: [SteeringMethod] = []) -> Never {
  KnownMethods.add(methods)
  runTool(Actc.self, reading: methodHelp)
}

/// `actc fit --help METHOD`, which describes the method: as `actc methods METHOD`.
private func methodHelp(_ line: [String]) -> [String] {
  guard line.count == 3, line[0] == "fit", ["--help", "-h"].contains(line[1]),
    KnownMethods.named(line[2]) != nil
  else { return line }
  return ["methods", line[2]]
}
