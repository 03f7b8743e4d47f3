/// Cuts bytes into rows of fields: RFC 4180, for any delimiter of one byte.
///
/// A field that begins with a quotation mark ends with one and may hold delimiters, line ends and doubled quotation
/// marks; in other fields a quotation mark is a character like any other. Rows end with a newline, or carriage
/// return and newline. Empty rows are skipped.
struct DelimitedReader {
  static let maximumFields = 1024

  private enum State {
    /// Before the first byte of a field.
    case start
    case plain
    case quoted
    /// After a quotation mark in a quoted field: its end, or the first half of a doubled one.
    case quote
    /// After a carriage return that ends a row or else is an error.
    case carriageReturn
  }

  let path: String
  private let delimiter: UInt8
  private var state = State.start
  private var fields: [String] = []
  private var field: [UInt8] = []
  /// Bytes of the row so far.
  private var length = 0
  private var line = 1
  private var firstLine = 1
  /// The line on which the last quoted field begins.
  private var quoteLine = 1
  private var isQuoted = false
  private var start: [UInt8]? = []

  init(path: String, delimiter: Character) {
    self.path = path
    self.delimiter = delimiter.asciiValue!
  }

  mutating func read(
    _ piece: ArraySlice<UInt8>, _ receive: (_ fields: [String], _ line: Int) throws(FileError) -> Void
  ) throws(FileError) {
    guard start != nil else {
      for byte in piece { try read(byte, receive) }
      return
    }
    // A byte order mark may come in pieces.
    start! += piece
    guard start!.count >= 3 else { return }
    try beginReading(receive)
  }

  private mutating func beginReading(
    _ receive: ([String], Int) throws(FileError) -> Void
  ) throws(FileError) {
    guard let bytes = start else { return }
    start = nil
    for byte in bytes.dropFirst(bytes.starts(with: DataFile.byteOrderMark) ? 3 : 0) {
      try read(byte, receive)
    }
  }

  /// Hands out the row that has been read so far.
  mutating func finish(_ receive: ([String], Int) throws(FileError) -> Void) throws(FileError) {
    try beginReading(receive)
    if state == .quoted {
      throw .line(path, quoteLine, "a quoted field that does not end", next: "close the quotation mark")
    }
    if state == .carriageReturn { throw strayCarriageReturn }
    try endRow(receive)
  }

  private mutating func read(
    _ byte: UInt8, _ receive: ([String], Int) throws(FileError) -> Void
  ) throws(FileError) {
    length += 1
    guard length <= DataFile.maximumRecordLength else { throw .longRecord(path, firstLine) }
    switch (state, byte) {
    case (.quoted, UInt8(ascii: "\"")): state = .quote
    case (.quoted, _):
      if byte == UInt8(ascii: "\n") { line += 1 }
      field.append(byte)
    case (.quote, UInt8(ascii: "\"")):
      field.append(byte)
      state = .quoted
    case (.start, UInt8(ascii: "\"")):
      state = .quoted
      isQuoted = true
      quoteLine = line
    case (.carriageReturn, UInt8(ascii: "\n")), (.start, UInt8(ascii: "\n")),
      (.plain, UInt8(ascii: "\n")), (.quote, UInt8(ascii: "\n")):
      try endRow(receive)
      line += 1
      firstLine = line
    case (.carriageReturn, _): throw strayCarriageReturn
    case (_, delimiter): try endField()
    case (_, UInt8(ascii: "\r")): state = .carriageReturn
    case (.quote, _):
      throw .line(
        path, line, "text after the end of a quoted field",
        next: "double quotation marks inside quoted fields")
    default:
      field.append(byte)
      state = .plain
    }
  }

  private var strayCarriageReturn: FileError {
    .line(path, line, "a carriage return inside a field", next: "quote the field")
  }

  private mutating func endField() throws(FileError) {
    guard fields.count < Self.maximumFields else {
      throw .line(path, firstLine, "more than \(Self.maximumFields) fields")
    }
    guard let text = String(validating: field, as: UTF8.self) else {
      throw .line(path, firstLine, "is not UTF-8 text")
    }
    fields.append(text)
    field.removeAll(keepingCapacity: true)
    state = .start
  }

  private mutating func endRow(_ receive: ([String], Int) throws(FileError) -> Void) throws(FileError) {
    try endField()
    if fields != [""] || isQuoted { try receive(fields, firstLine) }
    fields.removeAll(keepingCapacity: true)
    length = 0
    isQuoted = false
  }
}
