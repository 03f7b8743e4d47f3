/// A file that cannot be used: what is wrong, where, and what to do next.
///
/// Printed as one line, `path: place: problem; next`, with exit code 3.
public struct FileError: Error, Hashable, CustomStringConvertible {
  public var path: String
  /// The place inside the file: a tensor, a key, `line 7`, or nil for the file as a whole.
  public var place: String?
  /// What was expected and what was found.
  public var problem: String
  public var next: String?

  public init(_ path: String, _ place: String? = nil, _ problem: String, next: String? = nil) {
    self.path = path
    self.place = place
    self.problem = problem
    self.next = next
  }

  public var description: String {
    path + ": " + (place.map { $0 + ": " } ?? "") + problem + (next.map { "; " + $0 } ?? "")
  }
}
