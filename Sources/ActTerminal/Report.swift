import ActFormats
import ArgumentParser
import Glibc

/// What a process tells its caller.
public enum ExitStatus: Int32, Sendable {
  case good = 0
  /// A check that was asked for failed.
  case checkFailed = 1
  case usage = 2
  /// A bad or unsafe file.
  case badFile = 3
  case notSupported = 4
}

/// A check that was asked for and failed; exit code 1.
public struct CheckFailed: Error, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}

/// Parses the arguments and runs the command they name, and ends the process with the documented exit code.
///
/// - Parameters:
///   - tool: the root command.
///   - status: the exit code of the tool's own errors; nil for those it does not know.
public func runTool(_ tool: (some ParsableCommand).Type, status: (any Error) -> ExitStatus?) -> Never {
  do {
    var command = try tool.parseAsRoot()
    try command.run()
    exit(ExitStatus.good.rawValue)
  } catch let error as ExitCode {
    exit(error.rawValue)
  } catch {
    if let status = status(error) ?? knownStatus(error) {
      note("\(tool._commandName): error: \(error)")
      exit(status.rawValue)
    }
    // Help and version, or arguments that do not parse.
    if tool.exitCode(for: error).isSuccess {
      print(tool.fullMessage(for: error))
      exit(ExitStatus.good.rawValue)
    }
    note(tool.fullMessage(for: error))
    exit(ExitStatus.usage.rawValue)
  }
}

private func knownStatus(_ error: any Error) -> ExitStatus? {
  switch error {
  case is CheckFailed: .checkFailed
  case is FileError: .badFile
  default: nil
  }
}
