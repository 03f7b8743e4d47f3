import ActErrors

/// A file that cannot be used: what is wrong, where, and what to do next.
///
/// Printed as one line, `path: place: problem; next`, with exit code 3, or 4 where the file is good and we do not
/// support it.
package struct FileError: ToolError, Hashable {
  package var path: String
  /// The place inside the file: a tensor, a key, `line 7`, or nil for the file as a whole.
  package var place: String?
  /// What was expected and what was found.
  package var problem: String
  package var next: String?
  /// Whether the file may be good, but needs something that this version does not support.
  package var isUnsupported = false

  package init(_ path: String, _ place: String? = nil, _ problem: String, next: String? = nil) {
    self.path = path
    self.place = place
    self.problem = problem
    self.next = next
  }

  /// A file that needs something that this version does not support.
  package static func unsupported(
    _ path: String, _ place: String? = nil, _ problem: String, next: String? = nil
  ) -> FileError {
    var error = FileError(path, place, problem, next: next)
    error.isUnsupported = true
    return error
  }

  package var exitStatus: ExitStatus { isUnsupported ? .notSupported : .badFile }
  package var description: String {
    path + ": " + (place.map { $0 + ": " } ?? "") + problem + (next.map { "; " + $0 } ?? "")
  }
}
