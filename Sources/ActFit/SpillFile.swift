import ActFormats
import Glibc

/// A file without a name, for values that memory has no room for; it is gone when the process is, however that ends.
///
/// Read and written by call rather than mapped: a full disk is then an error and not a signal, and pages of the file
/// are the system's, which it drops when memory is short.
package final class SpillFile {
  private let descriptor: Int32
  private let directory: String

  /// Reserves `byteCount` bytes in `directory`.
  package init(in directory: String, byteCount: Int) throws(FileError) {
    self.directory = directory
    descriptor = try Self.openUnnamed(in: directory)
    // A disk that is too full is found out before the long work.
    let code = posix_fallocate(descriptor, 0, byteCount)
    guard code == 0 else { throw Self.failure(directory, "reserve \(byteCount) bytes", code) }
  }

  deinit { close(descriptor) }

  /// Opens a file in `directory` that has no name.
  static func openUnnamed(in directory: String) throws(FileError) -> Int32 {
    var descriptor = open(directory, unnamed | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor < 0 {
      // A file system that has no files without a name: one whose name is gone at once.
      let path = "\(directory)/.act-fit-\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp"
      descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 { unlink(path) }
    }
    guard descriptor >= 0 else { throw failure(directory, "create a file", errno) }
    return descriptor
  }

  /// `O_TMPFILE` of `fcntl.h`, a macro that Swift does not import.
  private static var unnamed: Int32 { 0o20_000_000 | O_DIRECTORY }

  static func failure(_ directory: String, _ verb: String, _ code: Int32) -> FileError {
    FileError(
      directory, nil, "cannot \(verb): \(String(cString: strerror(code)))",
      next: "free some space or allow more with --memory")
  }

  package func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw Self.failure(directory, "read what was kept there", count < 0 ? errno : EIO)
      }
      done += count
    }
  }

  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(directory, "write", count < 0 ? errno : EIO) }
      done += count
    }
  }
}
