import ActFormats
import Glibc

/// The text of a file, or of standard input for `-`.
func readText(_ path: String) throws -> String {
  let bytes = path == "-" ? standardInput() : Array(try MappedFile(path).bytes)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw FileError(path, nil, "expected UTF-8 text")
  }
  return text
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
