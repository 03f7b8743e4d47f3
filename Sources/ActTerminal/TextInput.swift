import ActFormats
import Glibc

/// The text of a file, or of standard input for `-`; UTF-8, at most 256 MB.
package func readText(_ path: String) throws -> String {
  let name = path == "-" ? "standard input" : path
  let bytes = path == "-" ? try standardInput(name) : try contents(of: path)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw FileError(name, nil, "expected UTF-8 text")
  }
  return text
}

private let largestText = 256_000_000

private func contents(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  guard file.bytes.count <= largestText else { throw tooLarge(path) }
  // The bytes live as long as the file.
  return withExtendedLifetime(file) { Array(file.bytes) }
}

private func standardInput(_ name: String) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(STDIN_FILENO, &buffer, buffer.count)
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { throw FileError(name, nil, "cannot read: \(String(cString: strerror(errno)))") }
    if count == 0 { break }
    bytes += buffer.prefix(count)
    guard bytes.count <= largestText else { throw tooLarge(name) }
  }
  guard !bytes.isEmpty else { throw FileError(name, nil, "is empty") }
  return bytes
}

private func tooLarge(_ name: String) -> FileError {
  FileError(name, nil, "expected at most \(largestText) bytes of text, found more")
}
