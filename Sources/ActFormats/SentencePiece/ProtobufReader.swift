/// Reads the fields of a message of Protocol Buffers, one after the other.
///
/// Groups, which no format in use has any more, are refused.
struct ProtobufReader {
  enum Value {
    case integer(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// A text, bytes, or a message.
    case bytes(UnsafeRawBufferPointer)
  }

  private let path: String
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  /// Where `bytes` begin in the file.
  private let start: Int

  /// - Parameters:
  ///   - bytes: a message, which must outlive what is read of it.
  ///   - file: the whole file, in which the message is.
  init(_ bytes: UnsafeRawBufferPointer, of file: MappedFile) {
    path = file.path
    self.bytes = bytes
    start = bytes.baseAddress.map { $0 - file.bytes.baseAddress! } ?? 0
  }

  /// The next field; nil at the end.
  mutating func next() throws(FileError) -> (number: UInt64, value: Value)? {
    guard at < bytes.count else { return nil }
    let key = try integer()
    let value: Value
    switch key & 7 {
    case 0: value = .integer(try integer())
    case 1: value = .fixed64(UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self)))
    case 2:
      let place = at
      guard let count = Int(exactly: try integer()), count <= bytes.count - at else {
        throw failure(place, "expected a length within the message")
      }
      value = .bytes(try take(count))
    case 5: value = .fixed32(UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self)))
    case let kind: throw failure(at, "expected a field, found the wire type \(kind)")
    }
    guard key >> 3 > 0 else { throw failure(at, "expected the number of a field, found 0") }
    return (key >> 3, value)
  }

  /// Seven bits a byte, the lowest first.
  private mutating func integer() throws(FileError) -> UInt64 {
    let place = at
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard at < bytes.count else { throw failure(place, "the message ends within a number") }
      let byte = bytes[at]
      at += 1
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 127) << UInt64(shift)
      if byte < 128 { return value }
    }
    throw failure(place, "expected a number of 64 bits")
  }

  private mutating func take(_ count: Int) throws(FileError) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - at else { throw failure(at, "the message ends within a field") }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
  }

  private func failure(_ place: Int, _ problem: String) -> FileError {
    FileError(path, "byte \(start + place)", problem)
  }
}
