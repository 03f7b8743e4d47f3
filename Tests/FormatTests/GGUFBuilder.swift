import ActFormats

/// Writes GGUF files for tests, right ones and wrong ones.
struct GGUFBuilder {
  struct Tensor {
    var name: String
    /// Innermost dimension first, as in the file.
    var dimensions: [UInt64]
    var type: UInt32
    var offset: UInt64
  }

  var magic: UInt32 = 0x4655_4747
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var valueCount: UInt64?
  private(set) var values: [(key: String, bytes: [UInt8])] = []
  var tensors: [Tensor] = []
  var data: [UInt8] = []

  static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

  mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    values.append((key, Self.text(key) + bytes(type) + value))
  }

  mutating func add(_ key: String, _ value: UInt32) { add(key, type: 4, bytes(value)) }
  mutating func add(_ key: String, _ value: Float) { add(key, type: 6, bytes(value.bitPattern)) }
  mutating func add(_ key: String, _ value: Bool) { add(key, type: 7, [value ? 1 : 0]) }
  mutating func add(_ key: String, _ value: String) { add(key, type: 8, Self.text(value)) }

  mutating func add(_ key: String, _ value: [String]) {
    add(key, type: 9, bytes(UInt32(8)) + bytes(UInt64(value.count)) + value.flatMap(Self.text))
  }

  mutating func add(_ key: String, _ value: [Int32]) {
    add(key, type: 9, bytes(UInt32(5)) + bytes(UInt64(value.count)) + value.flatMap { bytes($0) })
  }

  /// Takes the value of `key` out, so that another can be added.
  mutating func remove(_ key: String) { values.removeAll { $0.key == key } }

  mutating func replace(_ key: String, _ value: UInt32) {
    remove(key)
    add(key, value)
  }

  mutating func replace(_ key: String, _ value: Float) {
    remove(key)
    add(key, value)
  }

  mutating func replace(_ key: String, _ value: String) {
    remove(key)
    add(key, value)
  }

  mutating func replace(_ key: String, _ value: [String]) {
    remove(key)
    add(key, value)
  }

  mutating func replace(_ key: String, _ value: [Int32]) {
    remove(key)
    add(key, value)
  }

  /// An f32 tensor at the next multiple of 32 bytes; `shape` is outermost first.
  mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
    data += [UInt8](repeating: 0, count: (32 - data.count % 32) % 32)
    tensors.append(
      Tensor(name: name, dimensions: shape.reversed().map(UInt64.init), type: 0, offset: UInt64(data.count)))
    data += values.flatMap { bytes($0.bitPattern) }
  }

  var file: [UInt8] {
    var out = bytes(magic) + bytes(version)
    out += bytes(tensorCount ?? UInt64(tensors.count)) + bytes(valueCount ?? UInt64(values.count))
    for value in values { out += value.bytes }
    for tensor in tensors {
      out += Self.text(tensor.name) + bytes(UInt32(tensor.dimensions.count))
      out += tensor.dimensions.flatMap { bytes($0) } + bytes(tensor.type) + bytes(tensor.offset)
    }
    out += [UInt8](repeating: 0, count: (32 - out.count % 32) % 32)
    return out + data
  }
}
