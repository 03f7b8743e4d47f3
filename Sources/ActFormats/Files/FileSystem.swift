import Glibc

/// Whether anything exists under `path`.
package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Makes a directory where nothing is; its own directory must exist.
package func makeDirectory(_ path: String) throws(FileError) {
  if mkdir(path, 0o777) == 0 { return }
  if errno == EEXIST {
    throw FileError(
      path, nil, "expected nothing there, found a file or a directory",
      next: "name a directory that is not there")
  }
  throw .system(path, cannot: "create")
}

extension FileError {
  /// The error of the system call that just failed, in the system's words: `cannot VERB: No such file…`.
  static func system(_ path: String, cannot verb: String, next: String? = nil) -> FileError {
    FileError(path, nil, "cannot \(verb): \(String(cString: strerror(errno)))", next: next)
  }
}
