import Glibc

/// A directory of files that appears under its name complete or not at all.
///
/// Files go to a directory `.NAME.RANDOM.tmp` beside it; `commit` renames that. If the object dies without a commit, or a
/// signal ends the process, nothing is left, and what was there before stays as it was.
package final class AtomicDirectory {
  package let path: String
  /// Where the files go until the commit.
  private let temporaryPath: String
  private let isReplacing: Bool
  private var directory: TemporaryName?
  private var files: [TemporaryName] = []

  /// Makes a temporary directory beside `path`, whose own directory must exist.
  ///
  /// - Throws: `FileError` where something is at `path`, but with `replacing` for a directory that holds files only, one
  ///   of which is `marker`.
  package init(_ path: String, replacing marker: String?) throws(FileError) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    isReplacing = fileExists(path)
    if isReplacing {
      guard let marker else { throw FileError(path, nil, "exists already") }
      guard let names = Self.files(in: path), names.contains(marker) else {
        throw FileError(
          path, nil, "expected a directory of files with \(marker) to replace, found something else",
          next: "give another name")
      }
    }
    let name =
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.utf8.index(after: $0)...] } ?? path[...]
    self.path = path
    temporaryPath =
      "\(AtomicFile.directory(path))/.\(name).\(String(UInt32.random(in: 0...UInt32.max), radix: 16)).tmp"
    // Registered first, so that a signal between the two leaves nothing.
    let directory = TemporaryName(temporaryPath)
    guard mkdir(temporaryPath, 0o777) == 0 else { throw .system(path, cannot: "create") }
    self.directory = directory
  }

  deinit {
    // The directory goes when it is empty.
    files = []
    directory = nil
  }

  /// The path at which a file of this name is to be written.
  package func file(_ name: String) -> String {
    let path = "\(temporaryPath)/\(name)"
    files.append(TemporaryName(path))
    return path
  }

  /// The path at which what was written stands until the commit.
  package var provisionalPath: String { temporaryPath }

  /// Puts the directory under its name. Nothing can be written to it any more.
  package func commit() throws(FileError) {
    let earlier = "\(temporaryPath).earlier"
    guard !isReplacing || rename(path, earlier) == 0 else { throw .system(path, cannot: "replace") }
    guard rename(temporaryPath, path) == 0 else {
      let error = FileError.system(path, cannot: "create")
      if isReplacing { rename(earlier, path) }
      throw error
    }
    for file in files { file.keep() }
    directory?.keep()
    for name in isReplacing ? Self.files(in: earlier) ?? [] : [] { unlink("\(earlier)/\(name)") }
    if isReplacing { rmdir(earlier) }
  }

  /// The names of a directory's files; nil where it holds anything else, or is none.
  private static func files(in path: String) -> [String]? {
    guard let stream = opendir(path) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      var status = stat()
      guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return nil }
      names.append(name)
    }
    return names
  }
}
