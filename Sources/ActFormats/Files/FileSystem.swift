import Glibc

/// Whether anything exists under `path`.
package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

extension FileError {
  /// The error of the system call that just failed, in the system's words: `cannot VERB: No such file…`.
  static func system(_ path: String, cannot verb: String, next: String? = nil) -> FileError {
    FileError(path, nil, "cannot \(verb): \(String(cString: strerror(errno)))", next: next)
  }
}
