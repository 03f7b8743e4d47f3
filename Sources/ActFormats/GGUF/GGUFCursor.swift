/// Reads the header of a GGUF file from front to back, every length checked against the bytes that are left.
struct GGUFCursor {
  static let maximumDepth = 4

  let path: String
  let bytes: UnsafeRawBufferPointer
  var offset = 0
  /// What is being read, for messages.
  var place = "header"

  init(_ file: MappedFile) {
    path = file.path
    bytes = file.bytes
  }

  func failure(_ problem: String, next: String? = nil) -> FileError {
    FileError(path, place, problem, next: next)
  }

  /// The next number, little-endian.
  mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(FileError) -> T {
    let width = MemoryLayout<T>.size
    guard bytes.count - offset >= width else {
      throw failure("the file ends at byte \(bytes.count), too early")
    }
    defer { offset += width }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// A count of things that take at least `width` bytes each.
  mutating func count(of things: String, width: Int) throws(FileError) -> Int {
    let count = try integer(UInt64.self)
    guard count <= (bytes.count - offset) / width else {
      throw failure("\(count) \(things) declared, more than the file has room for")
    }
    return Int(count)
  }

  mutating func string() throws(FileError) -> String {
    let count = try count(of: "bytes of text", width: 1)
    guard let text = String(validating: bytes[offset..<offset + count], as: UTF8.self) else {
      throw failure("text that is not UTF-8")
    }
    offset += count
    return text
  }

  /// A type number, then the value.
  mutating func value() throws(FileError) -> GGUFValue {
    try value(ofType: try integer(UInt32.self), depth: 0)
  }

  private mutating func value(ofType type: UInt32, depth: Int) throws(FileError) -> GGUFValue {
    switch type {
    case 0: return .integer(Int(try integer(UInt8.self)))
    case 1: return .integer(Int(try integer(Int8.self)))
    case 2: return .integer(Int(try integer(UInt16.self)))
    case 3: return .integer(Int(try integer(Int16.self)))
    case 4: return .integer(Int(try integer(UInt32.self)))
    case 5: return .integer(Int(try integer(Int32.self)))
    case 6:
      let value = Float(bitPattern: try integer())
      guard value.isFinite else { throw failure("expected a finite number, found \(value)") }
      return .float32(value)
    case 7: return .bool(try integer(UInt8.self) != 0)
    case 8: return .string(try string())
    case 9: return try array(depth: depth + 1)
    case 10:
      let value = try integer(UInt64.self)
      guard let value = Int(exactly: value) else { throw failure("\(value) is too large") }
      return .integer(value)
    case 11: return .integer(Int(try integer(Int64.self)))
    case 12:
      let value = Double(bitPattern: try integer())
      guard value.isFinite else { throw failure("expected a finite number, found \(value)") }
      return .float(value)
    default: throw failure("unknown value type \(type)")
    }
  }

  private mutating func array(depth: Int) throws(FileError) -> GGUFValue {
    guard depth <= Self.maximumDepth else { throw failure("arrays nested too deeply") }
    let type = try integer(UInt32.self)
    let width =
      switch type {
      case 0, 1, 7: 1
      case 2, 3: 2
      case 4, 5, 6: 4
      case 9: 12
      default: 8
      }
    let count = try count(of: "array elements", width: width)
    var elements: [GGUFValue] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try value(ofType: type, depth: depth)) }
    return .array(elements)
  }
}
