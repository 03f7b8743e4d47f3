import ActErrors

/// Maps that a checkpoint cannot hold exactly; exit code 4.
package struct BakeError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .notSupported }
  /// The model.
  package var path: String
  /// What has no home, and why, one for each map and site.
  package var homeless: [Homeless]

  /// What of a map has no home in the checkpoint.
  package struct Homeless: Hashable, Sendable, CustomStringConvertible {
    package var map: String
    package var site: String
    package var reason: String

    package var description: String { "`\(map)` at \(site): \(reason)" }
  }

  package var description: String {
    let others = homeless.count - 1
    let more = others > 0 ? ", and \(others) more" : ""
    return "\(path): cannot be baked exactly: \(homeless.first.map { "\($0)" } ?? "")\(more); "
      + "freeze it in a plan (actc compile --freeze), write a control vector or a LoRA adapter (actc convert), or "
      + "leave out what has no home (--approximate)"
  }
}
