import Glibc

/// Writes text to a file descriptor at once, unbuffered.
func write(_ text: String, to descriptor: Int32) {
  var text = text
  text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}

/// Prints one line on standard error.
public func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

/// Prints text on standard output, now.
public func stream(_ text: String) {
  fflush(nil)
  write(text, to: STDOUT_FILENO)
}
