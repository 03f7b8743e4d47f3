import Glibc

/// A data file that is read once, from its beginning to its end; `-` is standard input.
struct DataFile: ~Copyable {
  /// Bytes of a file.
  static let maximumSize = 1 << 30
  /// Bytes of a line, or of a record of several lines.
  static let maximumRecordLength = 1 << 20

  /// As error messages name it.
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws(FileError) {
    let isStandardInput = path == "-"
    descriptor = isStandardInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    self.path = isStandardInput ? "standard input" : path
    guard descriptor >= 0 else { throw .system(path, cannot: "open") }
  }

  deinit { close(descriptor) }

  /// Hands out all bytes in order, and returns their SHA-256.
  func read(_ receive: (ArraySlice<UInt8>) throws(FileError) -> Void) throws(FileError) -> String {
    var hash = SHA256()
    var size = 0
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(path, cannot: "read") }
      if count == 0 { return hash.hex() }
      size += count
      guard size <= Self.maximumSize else {
        throw FileError(path, nil, "more than \(Self.maximumSize) bytes", next: "use fewer samples")
      }
      hash.update(piece[..<count])
      try receive(piece[..<count])
    }
  }

  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}

extension FileError {
  /// A line that cannot be used.
  static func line(_ path: String, _ line: Int, _ problem: String, next: String? = nil) -> FileError {
    FileError(path, "line \(line)", problem, next: next)
  }

  static func longRecord(_ path: String, _ line: Int) -> FileError {
    .line(path, line, "longer than \(DataFile.maximumRecordLength) bytes", next: "split the sample")
  }
}
