import ActFormats
import Glibc

/// The text of a file, or of standard input for `-`.
func readText(_ path: String) throws -> String {
  let bytes = path == "-" ? standardInput() : try contents(of: path)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw FileError(path, nil, "expected UTF-8 text")
  }
  return text
}

private func contents(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  // The bytes live as long as the file.
  return withExtendedLifetime(file) { Array(file.bytes) }
}

private func standardInput() -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(STDIN_FILENO, &buffer, buffer.count)
    if count <= 0 { return bytes }
    bytes += buffer.prefix(count)
  }
}

func isDirectory(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
