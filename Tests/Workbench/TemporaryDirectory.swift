import Glibc

/// A directory of its own for a test, removed with the object.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() throws {
    var template = Array("/tmp/act-tests.XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { throw SystemError("mkdtemp") }
    self.path = String(cString: path)
  }

  deinit { Self.remove(path) }

  package func file(_ name: String) -> String { "\(path)/\(name)" }

  // Not through the product's writer, which syncs: some tests write thousands of files.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    guard let stream = fopen(file(name), "w") else { throw SystemError("fopen \(name)") }
    defer { fclose(stream) }
    guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else { throw SystemError("fwrite \(name)") }
    return file(name)
  }

  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  package func read(_ name: String) throws -> [UInt8] { try readBytes(file(name)) }

  /// A directory inside it.
  package func makeDirectory(_ name: String) throws -> String {
    guard mkdir(file(name), 0o777) == 0 else { throw SystemError("mkdir \(name)") }
    return file(name)
  }

  /// The names in it, hidden ones too.
  package var contents: [String] { Self.contents(path).sorted() }

  package static func contents(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  package static func remove(_ path: String) {
    for name in contents(path) where unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
    rmdir(path)
  }
}

package func readBytes(_ path: String) throws -> [UInt8] {
  guard let stream = fopen(path, "r") else { throw SystemError("fopen \(path)") }
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&piece, 1, piece.count, stream), count > 0 { bytes += piece.prefix(count) }
  return bytes
}

/// A call of the system's that failed.
package struct SystemError: Error, CustomStringConvertible {
  package let description: String

  init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}
