import Glibc
import Testing
import Workbench

/// A text that is recorded in the repository, in `Snapshots` beside the tests' folders.
///
/// `make snapshots` records all of them anew.
struct Snapshot {
  static let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Snapshots"
  static let isRecording = getenv("ACT_RECORD_SNAPSHOTS") != nil

  /// The place below `Snapshots`: `help/actc-fit.txt`.
  var name: String

  func check(_ found: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let path = "\(Self.folder)/\(name)"
    if Self.isRecording { return try record(found, at: path) }
    guard access(path, R_OK) == 0 else {
      Issue.record("\(name) is not recorded; `make snapshots` records it", sourceLocation: sourceLocation)
      return
    }
    let expected = String(decoding: try readBytes(path), as: UTF8.self)
    guard found != expected else { return }
    let lines = (
      expected: expected.split(separator: "\n", omittingEmptySubsequences: false),
      found: found.split(separator: "\n", omittingEmptySubsequences: false)
    )
    let place = zip(lines.expected, lines.found).prefix { $0 == $1 }.count
    func line(_ lines: [Substring]) -> String { place < lines.count ? "`\(lines[place])`" : "the end" }
    Issue.record(
      """
      \(name):\(place + 1): expected \(line(lines.expected)), found \(line(lines.found)); \
      `make snapshots` records what is meant to change
      """, sourceLocation: sourceLocation)
  }

  private func record(_ text: String, at path: String) throws {
    mkdir(Self.folder, 0o777)
    mkdir(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), 0o777)
    let stream = try #require(fopen(path, "w"), "\(path)")
    let bytes = Array(text.utf8)
    let count = fwrite(bytes, 1, bytes.count, stream)
    try #require(fclose(stream) == 0 && count == bytes.count, "\(path)")
  }
}
