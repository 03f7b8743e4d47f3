/// What a process tells its caller.
public enum ExitStatus: Int32, CaseIterable, Sendable {
  /// The command did what it was told.
  case good = 0
  /// A requested check failed.
  case checkFailed = 1
  /// The command line is wrong.
  case usage = 2
  /// A bad or unsafe file.
  case badFile = 3
  /// What may be good, but needs something that this version does not support.
  case notSupported = 4
}

/// An error that may end a tool: the tool prints its description, one line, and ends with its status.
///
/// A type that leaves its module conforms to it rather than to `Error`, so that none is without a status.
public protocol ToolError: Error, CustomStringConvertible {
  /// What a process that ends with the error tells its caller.
  var exitStatus: ExitStatus { get }
}
