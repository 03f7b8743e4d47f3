/// Cuts bytes into lines of UTF-8 text, without their ends and without blank ones.
struct LineReader {
  let path: String
  private var line: [UInt8] = []
  private var number = 1

  init(path: String) { self.path = path }

  mutating func read(
    _ piece: ArraySlice<UInt8>, _ receive: (_ line: String, _ number: Int) throws(FileError) -> Void
  ) throws(FileError) {
    var rest = piece
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      line += rest[..<end]
      try finish(receive)
      rest = rest[(end + 1)...]
    }
    line += rest
    guard line.count <= DataFile.maximumRecordLength else { throw .longRecord(path, number) }
  }

  /// Hands out the line that has been read so far.
  mutating func finish(
    _ receive: (_ line: String, _ number: Int) throws(FileError) -> Void
  ) throws(FileError) {
    defer {
      line.removeAll(keepingCapacity: true)
      number += 1
    }
    var text = line[...]
    if text.last == UInt8(ascii: "\r") { text.removeLast() }
    if number == 1, text.starts(with: DataFile.byteOrderMark) { text = text.dropFirst(3) }
    guard text.count <= DataFile.maximumRecordLength else { throw .longRecord(path, number) }
    if text.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return }
    guard let text = String(validating: text, as: UTF8.self) else {
      throw .line(path, number, "is not UTF-8 text")
    }
    try receive(text, number)
  }
}
