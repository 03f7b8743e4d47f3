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

/// Prints lines on standard error; control characters are escaped.
package func note(_ text: String) {
  flushWarnings()
  write(escapingControls(text, keeping: ["\n", "\t"]) + "\n", to: STDERR_FILENO)
}

/// Prints on standard error what asks for a line, without an end.
package func showPrompt(_ text: String) {
  flushWarnings()
  write(text, to: STDERR_FILENO)
}

/// Prints a value on standard output as the standard library's function of this name does, which it shadows, with
/// control characters escaped: names in files must not command a terminal.
package func print(_ item: some Any, terminator: String = "\n") {
  flushWarnings()
  Swift.print(escapingControls("\(item)", keeping: ["\n", "\t"]), terminator: terminator)
}

/// Prints text on standard output, now and as it is; returns whether all of it went out. If not, the tool ends with an
/// error.
@discardableResult
package func stream(_ text: String) -> Bool {
  flushWarnings()
  fflush(stdout)
  let isWhole = write(text, to: STDOUT_FILENO)
  if !isWhole { streamFailed.store(true, ordering: .relaxed) }
  return isWhole
}

private let streamFailed = Atomic(false)

/// Prints a warning on standard error, but not before everything is checked: with the first output, with the first
/// progress, or at the end of a command that had neither. An error comes alone.
package func warn(_ text: String) { warnings.withLock { $0.append(text) } }

private let warnings = Mutex<[String]>([])

func flushWarnings() {
  let due = warnings.withLock { warnings in
    defer { warnings = [] }
    return warnings
  }
  for text in due { write("\(toolName): warning: \(legible(text))\n", to: STDERR_FILENO) }
}

/// The name under which the process was started, without its directory.
private var toolName: String {
  CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "actc"
}

/// Sends out what `print` has buffered; an error where standard output took less than all, as on a full disk.
package func finishOutput() throws {
  flushWarnings()
  guard fflush(stdout) == 0, ferror(stdout) == 0, !streamFailed.load(ordering: .relaxed) else {
    throw FileError("standard output", nil, "cannot write: \(String(cString: strerror(errno)))")
  }
}
