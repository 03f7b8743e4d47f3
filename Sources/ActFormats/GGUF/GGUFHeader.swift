/// The header of a GGUF file to be written, version 3: values by key, then tensors, whose data follow in this order, each
/// at a multiple of 32 bytes.
struct GGUFHeader {
  private var values: [UInt8] = []
  private var valueCount = 0
  private var tensors: [UInt8] = []
  private var tensorCount = 0
  /// Where the data of the next tensor begin, counted from the end of the header.
  private var offset = 0

  static let alignment = 32

  /// How many zeros follow the data of a tensor of that many bytes.
  static func padding(after byteCount: Int) -> Int { (alignment - byteCount % alignment) % alignment }

  mutating func value(_ key: String, _ text: String) {
    values += Self.text(key) + Self.little(UInt32(8)) + Self.text(text)
    valueCount += 1
  }

  mutating func value(_ key: String, _ number: Int32) {
    values += Self.text(key) + Self.little(UInt32(5)) + Self.little(number)
    valueCount += 1
  }

  /// A tensor of f32; the outermost dimension comes first.
  mutating func tensor(_ name: String, f32 shape: [Int]) {
    tensors += Self.text(name) + Self.little(UInt32(shape.count))
    for size in shape.reversed() { tensors += Self.little(UInt64(size)) }
    tensors += Self.little(GGMLType.f32.rawValue) + Self.little(UInt64(offset))
    tensorCount += 1
    let byteCount = shape.reduce(4, *)
    offset += byteCount + Self.padding(after: byteCount)
  }

  /// The header, up to where the data of the first tensor begin.
  var bytes: [UInt8] {
    let head =
      Array("GGUF".utf8) + Self.little(UInt32(3)) + Self.little(UInt64(tensorCount))
      + Self.little(UInt64(valueCount)) + values + tensors
    return head + [UInt8](repeating: 0, count: Self.padding(after: head.count))
  }

  private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian, Array.init)
  }

  private static func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }
}
