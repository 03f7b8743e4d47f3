import ActErrors
import ActFormats
import ActSignals
import ArgumentParser
@preconcurrency import Glibc

/// The version that `--version` prints and plans carry.
package let toolVersion = "0.1.0"

extension ExitStatus {
  /// As the manual tells it.
  var meaning: String {
    switch self {
    case .good: "Success."
    case .checkFailed: "A requested check failed."
    case .usage: "The command line is wrong."
    case .badFile: "A file is missing, damaged or unsafe, or cannot be written."
    case .notSupported: "A file may be good, but needs what this version does not support."
    }
  }
}

/// A requested check that failed; exit code 1.
package struct CheckFailed: ToolError {
  package var exitStatus: ExitStatus { .checkFailed }
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// Parses the arguments and runs the command they name, and ends the process with the documented exit code.
///
/// An error is one line on standard error. What was kept of the work, where something was, is another. Errors that are
/// no `ToolError` are the parser's.
package func runTool(
  _ tool: (some ParsableCommand).Type, reading: ([String]) -> [String] = { $0 }
) -> Never {
  act_signals_install(tool._commandName, ExitStatus.badFile.rawValue)
  let line = reading(Array(CommandLine.arguments.dropFirst()))
  do {
    // Like --generate-completion-script, which the parser knows, it is not in the help.
    if line == ["--generate-manual"] {
      print(ManualPage(try CommandDescription(tool), version: toolVersion).text, terminator: "")
      try finishOutput()
      exit(ExitStatus.good.rawValue)
    }
    var command = try parse(tool, line)
    try command.run()
    try finishOutput()
    exit(ExitStatus.good.rawValue)
  } catch {
    if let error = error as? any ToolError { fail(tool, "\(error)", error.exitStatus) }
    // Help and version, or arguments that do not parse.
    if tool.exitCode(for: error).isSuccess {
      Swift.print(wrappingUsage(tool.fullMessage(for: error), to: helpColumns))
      do { try finishOutput() } catch { fail(tool, "\(error)", .badFile) }
      exit(ExitStatus.good.rawValue)
    }
    let grammar = CommandGrammar(tool, line)
    let problem =
      grammar?.unknownCommand ?? grammar?.unknownOption(in: line) ?? grammar?.swallowedPositional(in: line)
    fail(tool, "\(problem ?? withoutPeriod(tool.message(for: error))); see `\(helpCommand(tool))`", .usage)
  }
}

/// Parses a line, and where that fails the line as it was meant: with a positional argument that a list has taken.
private func parse(_ tool: (some ParsableCommand).Type, _ line: [String]) throws -> any ParsableCommand {
  do { return try tool.parseAsRoot(line) } catch {
    guard !tool.exitCode(for: error).isSuccess, let grammar = CommandGrammar(tool, line),
      grammar.unknownOption(in: line) == nil, let meant = grammar.line(reclaimingPositionalOf: line)
    else { throw error }
    return try tool.parseAsRoot(meant)
  }
}

private func withoutPeriod(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

private func fail(_ tool: (some ParsableCommand).Type, _ problem: String, _ status: ExitStatus) -> Never {
  // What was printed before the error belongs before it.
  fflush(stdout)
  write("\(tool._commandName): error: \(legible(problem))\n", to: STDERR_FILENO)
  if let farewell = Farewell.current { write("\(tool._commandName): \(farewell)\n", to: STDERR_FILENO) }
  exit(status.rawValue)
}

/// The command that explains what went wrong with these arguments.
private func helpCommand(_ tool: (some ParsableCommand).Type) -> String {
  let named = CommandLine.arguments.dropFirst().first
  let command = tool.configuration.subcommands.map { $0._commandName }.first { $0 == named }
  return [tool._commandName, command, "--help"].compactMap(\.self).joined(separator: " ")
}
