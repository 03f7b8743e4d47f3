import ActSignals

/// Ctrl-C while something runs that it should end in place of the process.
package enum Interruption {
  /// Runs `body`, during which SIGINT ends nothing: it has to look at ``isPending``.
  package static func catching<Result>(_ body: () throws -> Result) rethrows -> Result {
    act_interrupts_catch(1)
    defer { act_interrupts_catch(0) }
    return try body()
  }

  /// Whether SIGINT has come while it was caught.
  package static var isPending: Bool { act_interrupted() != 0 }
}
