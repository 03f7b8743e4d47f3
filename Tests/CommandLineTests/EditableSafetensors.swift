import ActFormats
import Testing
import Workbench

/// A safetensors file taken apart, so that tests can write one that lies.
struct EditableSafetensors {
  var header: [JSON.Member]
  var data: [UInt8]

  init(_ path: String) throws {
    let bytes = try readBytes(path)
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    header = try #require(JSON(parsing: Array(bytes[8..<8 + length])).members)
    data = Array(bytes[(8 + length)...])
  }

  var bytes: [UInt8] { Self.bytes(JSON.object(header).description, data) }

  /// A file of this header, whatever it says.
  static func bytes(_ header: String, _ data: [UInt8]) -> [UInt8] {
    let padded = header + String(repeating: " ", count: (64 - (8 + header.utf8.count) % 64) % 64)
    return withUnsafeBytes(of: UInt64(padded.utf8.count).littleEndian, Array.init) + Array(padded.utf8) + data
  }

  /// A field of a tensor, or an entry of `__metadata__`.
  mutating func set(_ name: String, _ field: String, _ value: JSON) throws {
    let index = try #require(header.firstIndex { $0.key == name }, "no \(name)")
    var members = try #require(header[index].value.members)
    members.removeAll { $0.key == field }
    header[index].value = .object(members + [.init(field, value)])
  }

  /// Edits the elements of an I32 tensor in place.
  mutating func edit(_ name: String, _ edit: (inout [Int32]) -> Void) throws {
    let range = try #require(header.first { $0.key == name }?.value["data_offsets"]?.array)
    let offsets = range.compactMap(\.int)
    var values = data[offsets[0]..<offsets[1]].withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
    }
    edit(&values)
    values.withUnsafeBytes { data.replaceSubrange(offsets[0]..<offsets[1], with: $0) }
  }

  /// Sets elements of an F32 tensor.
  mutating func setFloats(_ name: String, _ edit: (inout [Float]) -> Void) throws {
    try self.edit(name) { values in
      var floats = values.map { Float(bitPattern: UInt32(bitPattern: $0)) }
      edit(&floats)
      values = floats.map { Int32(bitPattern: $0.bitPattern) }
    }
  }

  mutating func remove(_ name: String) throws {
    try #require(header.contains { $0.key == name })
    header.removeAll { $0.key == name }
  }

  mutating func rename(_ name: String, _ other: String) throws {
    header[try #require(header.firstIndex { $0.key == name })].key = other
  }

  func metadata(_ key: String) throws -> String {
    try #require(header.first { $0.key == "__metadata__" }?.value[key]?.string)
  }

  /// Replaces a piece of a text in the metadata, which must be there once.
  mutating func replace(_ piece: String, with other: String, in key: String) throws {
    let parts = try metadata(key).split(separator: piece, omittingEmptySubsequences: false)
    try #require(parts.count == 2, "`\(piece)` is there \(parts.count - 1) times")
    try set("__metadata__", key, .string(parts.joined(separator: other)))
  }
}
