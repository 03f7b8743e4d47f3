import ActSignals
import Glibc

/// The name of a file, or of an empty directory, that goes when the object does, or when a signal ends the process.
///
/// `keep` makes it stay.
final class TemporaryName {
  let path: String
  private var registration: UnsafeMutableRawPointer?
  private var isKept = false

  /// Takes charge of what is, or is about to be, at `path`.
  init(_ path: String) {
    self.path = path
    registration = act_temporary_add(path)
  }

  /// Leaves what is at `path` where it is.
  func keep() {
    act_temporary_forget(registration)
    registration = nil
    isKept = true
  }

  deinit {
    if isKept { return }
    if unlink(path) != 0 { rmdir(path) }
    act_temporary_forget(registration)
  }
}
