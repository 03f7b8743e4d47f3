import ActFormats
import Glibc
import Testing

/// A directory of its own for a test, removed with the object.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/act-formats.XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { Self.remove(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    // Not an `AtomicFile`: thousands of files are written here, and syncing each takes minutes on some disks.
    let path = file(name)
    let stream = try #require(fopen(path, "w"))
    defer { fclose(stream) }
    try #require(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
    return path
  }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  var contents: [String] { Self.contents(path).sorted() }

  private static func contents(_ path: String) -> [String] {
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

  private static func remove(_ path: String) {
    for name in contents(path) where unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
    rmdir(path)
  }
}

/// The path of a file in `Fixtures`.
func fixture(_ name: String) -> String {
  let here = #filePath
  return here[..<here.lastIndex(of: "/")!] + "/Fixtures/" + name
}

func readBytes(_ path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  return withExtendedLifetime(file) { Array(file.bytes) }
}

/// Splitmix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Opens `count` damaged versions of `original` with `open`, which must return or throw a `FileError`.
///
/// A version has one to eight bytes changed (most of them in the first `headerLength`), and sometimes its end cut.
func openDamaged(
  _ original: [UInt8], headerLength: Int, count: Int = 2000, name: String, open: (String) throws -> Void
) throws {
  let directory = try TemporaryDirectory()
  var random = SeededGenerator(state: 7)
  var opened = 0
  for _ in 0..<count {
    var bytes = original
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let inHeader = Int.random(in: 0..<8, using: &random) > 0
      let at = Int.random(in: 0..<(inHeader ? headerLength : bytes.count), using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      default: bytes[at] = bytes[Int.random(in: 0..<headerLength, using: &random)]
      }
    }
    if Int.random(in: 0..<16, using: &random) == 0 {
      bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
    }
    let path = try directory.write(bytes, to: name)
    do {
      try open(path)
      opened += 1
    } catch is FileError {}
  }
  #expect(opened < count, "no damage was noticed")
}
