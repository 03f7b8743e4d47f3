/// Cuts the bytes of a JSON array into those of its elements.
///
/// It knows strings and brackets, so that an element ends where it ends; what else an element holds is for whoever
/// parses it.
struct ArrayReader {
  private enum State {
    /// Before the array.
    case before
    /// Where an element must begin, or where the array may also end.
    case element(mayEnd: Bool)
    case inElement
    case inString
    /// After a backslash in a string.
    case escape
    /// After an element: a comma or the end of the array.
    case between
    case after
  }

  let path: String
  private var state = State.before
  private var element: [UInt8] = []
  /// How many brackets of the element are open.
  private var depth = 0
  private var line = 1
  private var firstLine = 1
  private var start: [UInt8]? = []

  init(path: String) { self.path = path }

  mutating func read(
    _ piece: ArraySlice<UInt8>, _ receive: (_ element: [UInt8], _ line: Int) throws(FileError) -> Void
  ) throws(FileError) {
    guard start != nil else {
      for byte in piece { try count(byte, receive) }
      return
    }
    // A byte order mark may come in pieces.
    start! += piece
    if start!.count >= 3 { try beginReading(receive) }
  }

  private mutating func beginReading(
    _ receive: ([UInt8], Int) throws(FileError) -> Void
  ) throws(FileError) {
    guard let bytes = start else { return }
    start = nil
    for byte in bytes.dropFirst(bytes.starts(with: DataFile.byteOrderMark) ? 3 : 0) {
      try count(byte, receive)
    }
  }

  private mutating func count(
    _ byte: UInt8, _ receive: ([UInt8], Int) throws(FileError) -> Void
  ) throws(FileError) {
    try read(byte, receive)
    if byte == UInt8(ascii: "\n") { line += 1 }
  }

  /// Checks that the array has ended.
  mutating func finish(_ receive: ([UInt8], Int) throws(FileError) -> Void) throws(FileError) {
    try beginReading(receive)
    guard case .after = state else {
      throw .line(path, line, "expected the end of an array, found the end of the file")
    }
  }

  private mutating func read(
    _ byte: UInt8, _ receive: ([UInt8], Int) throws(FileError) -> Void
  ) throws(FileError) {
    switch state {
    case .inString:
      try append(byte)
      if byte == UInt8(ascii: "\\") { state = .escape }
      if byte == UInt8(ascii: "\"") { state = .inElement }
      return
    case .escape:
      try append(byte)
      state = .inString
      return
    default: break
    }
    let isSpace = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    switch (state, byte) {
    case (.inElement, UInt8(ascii: "\"")):
      try append(byte)
      state = .inString
    case (.inElement, UInt8(ascii: "[")), (.inElement, UInt8(ascii: "{")):
      try append(byte)
      depth += 1
    case (.inElement, UInt8(ascii: "]")) where depth > 0, (.inElement, UInt8(ascii: "}")) where depth > 0:
      try append(byte)
      depth -= 1
      if depth == 0 { try endElement(receive) }
    case (.inElement, UInt8(ascii: ",")) where depth == 0, (.inElement, UInt8(ascii: "]")) where depth == 0:
      try endElement(receive)
      try read(byte, receive)
    case (.inElement, _): try append(byte)
    case _ where isSpace: break
    case (.before, UInt8(ascii: "[")): state = .element(mayEnd: true)
    case (.before, _):
      throw .line(
        path, line, "expected an array of records, `[`",
        next: "is it a record a line? then name it .jsonl")
    case (.element(mayEnd: true), UInt8(ascii: "]")), (.between, UInt8(ascii: "]")): state = .after
    case (.between, UInt8(ascii: ",")): state = .element(mayEnd: false)
    case (.element, UInt8(ascii: "]")), (.element, UInt8(ascii: ",")):
      throw .line(path, line, "expected a record, found `\(Character(UnicodeScalar(byte)))`")
    case (.element, _):
      firstLine = line
      state = .inElement
      try read(byte, receive)
    case (.after, _): throw .line(path, line, "expected the end of the file after the array")
    default: throw .line(path, line, "expected `,` or `]` after a record")
    }
  }

  private mutating func append(_ byte: UInt8) throws(FileError) {
    element.append(byte)
    guard element.count <= DataFile.maximumRecordLength else { throw .longRecord(path, firstLine) }
  }

  private mutating func endElement(_ receive: ([UInt8], Int) throws(FileError) -> Void) throws(FileError) {
    state = .between
    try receive(element, firstLine)
    element.removeAll(keepingCapacity: true)
  }
}
