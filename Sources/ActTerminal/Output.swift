import ActFormats
@preconcurrency import Glibc
import Synchronization

/// Writes text to a file descriptor at once, unbuffered; returns whether all of it went out.
@discardableResult
func write(_ text: String, to descriptor: Int32) -> Bool {
  var text = text
  return text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }
}

/// Prints one line on standard error.
package func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

/// Prints text on standard output, now.
package func stream(_ text: String) {
  fflush(stdout)
  if !write(text, to: STDOUT_FILENO) { streamFailed.store(true, ordering: .relaxed) }
}

private let streamFailed = Atomic(false)

/// Sends out what `print` has buffered; an error where standard output took less than all, as on a full disk.
func finishOutput() throws {
  guard fflush(stdout) == 0, ferror(stdout) == 0, !streamFailed.load(ordering: .relaxed) else {
    throw FileError("standard output", nil, "cannot write: \(String(cString: strerror(errno)))")
  }
}
