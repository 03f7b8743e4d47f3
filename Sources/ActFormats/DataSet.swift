import Glibc

/// The samples of a data file.
///
/// - `.txt`: a line a sample; blank lines are skipped, a carriage return before the newline is dropped.
/// - `.jsonl`: a record a line, `{"text": SAMPLE, …}`; other fields are ignored.
///
/// Text is UTF-8. A line holds at most 1 MiB and the samples together 1 GiB. `-` is standard input.
public struct DataSet: Hashable, Sendable {
  /// What a line of the file is.
  public enum Format: Hashable, Sendable {
    case lines
    case records
  }

  /// Bytes of a line.
  public static let maximumLineLength = 1 << 20
  /// Bytes of a file.
  public static let maximumSize = 1 << 30

  public var path: String
  /// In the file's order, at least one.
  public var samples: [String] = []
  /// Of all bytes read, in hexadecimal digits.
  public var sha256 = ""

  /// Reads the file at `path`, in `format` or, by default, the one its name tells: records for `.jsonl`, else
  /// lines. A file without samples is an error; so is a bad line, which the error names.
  public init(reading path: String, format: Format? = nil) throws(FileError) {
    let isStandardInput = path == "-"
    let descriptor = isStandardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, cannot: "open") }
    defer { if !isStandardInput { close(descriptor) } }

    self.path = isStandardInput ? "standard input" : path
    try read(descriptor, format ?? (path.hasSuffix(".jsonl") ? .records : .lines))
    if samples.isEmpty { throw FileError(self.path, nil, "holds no samples") }
  }

  private mutating func read(_ descriptor: Int32, _ format: Format) throws(FileError) {
    var hash = SHA256()
    var line: [UInt8] = []
    var lineNumber = 1
    var size = 0
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(path, cannot: "read") }
      if count == 0 { break }
      size += count
      guard size <= Self.maximumSize else {
        throw FileError(
          path, "line \(lineNumber)", "more than \(Self.maximumSize) bytes", next: "use fewer samples")
      }
      hash.update(piece[..<count])
      var rest = piece[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        line += rest[..<end]
        try add(line, lineNumber, format)
        line.removeAll(keepingCapacity: true)
        lineNumber += 1
        rest = rest[(end + 1)...]
      }
      line += rest
      guard line.count <= Self.maximumLineLength else { throw tooLong(lineNumber) }
    }
    try add(line, lineNumber, format)
    sha256 = hash.hex()
  }

  private func tooLong(_ lineNumber: Int) -> FileError {
    FileError(
      path, "line \(lineNumber)", "longer than \(Self.maximumLineLength) bytes", next: "split the sample")
  }

  private mutating func add(_ line: [UInt8], _ lineNumber: Int, _ format: Format) throws(FileError) {
    func failure(_ problem: String) -> FileError { FileError(path, "line \(lineNumber)", problem) }

    var line = line[...]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    guard line.count <= Self.maximumLineLength else { throw tooLong(lineNumber) }
    if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return }
    guard let text = String(validating: line, as: UTF8.self) else { throw failure("is not UTF-8 text") }

    switch format {
    case .lines: samples.append(text)
    case .records:
      let record: JSON
      do throws(JSONError) { record = try JSON(parsing: text) } catch { throw failure("\(error)") }
      guard let sample = record["text"]?.string, !sample.isEmpty else {
        throw failure("expected an object with `text`, a string that is not empty")
      }
      samples.append(sample)
    }
  }
}
