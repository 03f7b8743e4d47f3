import ActFormats
import ArgumentParser
@preconcurrency import Glibc

/// The version that `--version` prints and plans carry.
package let toolVersion = "0.1.0"

/// What a process tells its caller.
package enum ExitStatus: Int32, CaseIterable, Sendable {
  case good = 0
  /// A check that was asked for failed.
  case checkFailed = 1
  case usage = 2
  /// A bad or unsafe file.
  case badFile = 3
  case notSupported = 4
}

/// A check that was asked for and failed; exit code 1.
package struct CheckFailed: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// Parses the arguments and runs the command they name, and ends the process with the documented exit code.
///
/// An error is one line on standard error.
/// - Parameters:
///   - tool: the root command.
///   - status: the exit code of the tool's own errors; nil for those it does not know.
package func runTool(_ tool: (some ParsableCommand).Type, status: (any Error) -> ExitStatus?) -> Never {
  do {
    var command = try tool.parseAsRoot()
    try command.run()
    try finishOutput()
    exit(ExitStatus.good.rawValue)
  } catch {
    if let status = status(error) ?? knownStatus(error) {
      fail(tool, "\(error)", status)
    }
    // Help and version, or arguments that do not parse.
    if tool.exitCode(for: error).isSuccess {
      print(tool.fullMessage(for: error))
      do { try finishOutput() } catch { fail(tool, "\(error)", .badFile) }
      exit(ExitStatus.good.rawValue)
    }
    fail(tool, "\(tool.message(for: error)); see `\(helpCommand(tool))`", .usage)
  }
}

private func fail(_ tool: (some ParsableCommand).Type, _ problem: String, _ status: ExitStatus) -> Never {
  // What was printed before the error belongs before it.
  fflush(stdout)
  note("\(tool._commandName): error: \(onOneLine(problem))")
  exit(status.rawValue)
}

private func knownStatus(_ error: any Error) -> ExitStatus? {
  switch error {
  case is CheckFailed: .checkFailed
  case let error as FileError: error.isUnsupported ? .notSupported : .badFile
  default: nil
  }
}

/// The command that explains what went wrong with these arguments.
private func helpCommand(_ tool: (some ParsableCommand).Type) -> String {
  let named = CommandLine.arguments.dropFirst().first
  let command = tool.configuration.subcommands.map { $0._commandName }.first { $0 == named }
  return [tool._commandName, command, "--help"].compactMap(\.self).joined(separator: " ")
}

/// The text on one line; control characters, which names in files may hold, are escaped.
func onOneLine(_ text: String) -> String {
  var out = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format:
      out += scalar == "\n" ? " " : scalar.escaped(asASCII: true)
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out
}
