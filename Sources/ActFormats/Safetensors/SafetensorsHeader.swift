/// The header of a safetensors file, checked: eight bytes of length (little-endian), then JSON of
/// `{"__metadata__": {KEY: TEXT}, NAME: {"dtype": TYPE, "shape": [..], "data_offsets": [FROM, TO]}}`.
struct SafetensorsHeader {
  /// The limit of the reference implementation.
  static let maximumLength = 100_000_000
  /// What our writer puts between tensors to align them; readers of ours do not show it.
  static let paddingPrefix = "__pad."

  var metadata: [(key: String, value: String)] = []
  var tensors: [TensorInfo] = []

  init(_ file: MappedFile) throws(FileError) {
    let path = file.path
    let count = file.bytes.count
    guard count >= 8 else {
      throw FileError(
        path, "header", "expected at least 8 bytes, found \(count)", next: "is it a safetensors file?")
    }
    let declared = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard declared <= Self.maximumLength, declared <= count - 8 else {
      throw FileError(
        path, "header", "\(declared) bytes declared, \(min(count - 8, Self.maximumLength)) possible",
        next: "the file is truncated or not safetensors")
    }
    let dataStart = 8 + Int(declared)

    let members: [JSON.Member]
    do throws(JSONError) {
      let text = Array(file.bytes[8..<dataStart])
      guard let object = try JSON(parsing: text, maximumDepth: 4).members else {
        throw JSONError(offset: 0, problem: "expected an object")
      }
      members = object
    } catch {
      throw FileError(path, "header", "\(error)")
    }

    for member in members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, path)
      } else {
        tensors.append(try Self.tensor(member, dataStart..<count, path))
      }
    }
    try Self.checkDisjoint(tensors, path)
    tensors.removeAll { $0.name.hasPrefix(Self.paddingPrefix) }
  }

  private static func metadata(
    _ value: JSON, _ path: String
  ) throws(FileError) -> [(key: String, value: String)] {
    guard let members = value.members else { throw FileError(path, "__metadata__", "expected an object") }
    var entries: [(key: String, value: String)] = []
    for member in members {
      guard let text = member.value.string else {
        throw FileError(path, "__metadata__", "`\(member.key)`: expected a string")
      }
      entries.append((member.key, text))
    }
    return entries
  }

  private static func tensor(
    _ member: JSON.Member, _ data: Range<Int>, _ path: String
  ) throws(FileError) -> TensorInfo {
    func failure(_ problem: String) -> FileError { FileError(path, member.key, problem) }

    guard let typeName = member.value["dtype"]?.string, let dtype = StorageType(rawValue: typeName) else {
      throw failure("unknown dtype \(member.value["dtype"] ?? .null)")
    }
    guard let shape = integers(member.value["shape"]), let elements = elementCount(of: shape),
      case let (size, overflow) = elements.multipliedReportingOverflow(by: dtype.width), !overflow
    else { throw failure("impossible shape \(member.value["shape"] ?? .null)") }
    guard let offsets = integers(member.value["data_offsets"]), offsets.count == 2,
      0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= data.count
    else {
      throw failure(
        "data_offsets \(member.value["data_offsets"] ?? .null) lie outside the \(data.count) bytes of data")
    }
    guard offsets[1] - offsets[0] == size else {
      throw failure(
        "\(typeName)\(shape) takes \(size) bytes, its data_offsets span \(offsets[1] - offsets[0])")
    }
    return TensorInfo(
      name: member.key, dtype: dtype, shape: shape,
      range: data.lowerBound + offsets[0]..<data.lowerBound + offsets[1])
  }

  private static func integers(_ value: JSON?) -> [Int]? {
    guard let elements = value?.array else { return nil }
    let numbers = elements.compactMap(\.int)
    return numbers.count == elements.count ? numbers : nil
  }

  private static func checkDisjoint(_ tensors: [TensorInfo], _ path: String) throws(FileError) {
    let ordered = tensors.filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (one, next) in zip(ordered, ordered.dropFirst()) where one.range.upperBound > next.range.lowerBound {
      throw FileError(path, next.name, "its data overlap those of `\(one.name)`")
    }
  }
}
