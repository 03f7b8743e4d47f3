/// A tensor of a GGUF file.
package struct GGUFTensor: Hashable, Sendable {
  package var name: String
  package var type: GGMLType
  /// Outermost dimension first (the file stores them the other way round): the last is the length of a row.
  package var shape: [Int]
  /// The bytes of the elements, counted from the start of the file.
  package var range: Range<Int>

  package var rowElements: Int { shape.last ?? 1 }
  package var rowBytes: Int { rowElements / type.blockElements * type.blockBytes }
  package var rowCount: Int { shape.dropLast().reduce(1, *) }
}

/// A GGUF file, version 2 or 3 and little-endian, mapped: its tensors are read in place.
///
/// Everything the header claims is checked on opening. Pointers from `bytes(of:)` stay valid while the object lives.
package final class GGUFFile: Sendable {
  package let path: String
  /// The values of the header, by key.
  package let metadata: [String: GGUFValue]
  /// The tensors, in the file's order.
  package let tensors: [GGUFTensor]

  private let file: MappedFile
  private let indices: [String: Int]

  package init(_ path: String) throws(FileError) {
    let file = try MappedFile(path)
    var cursor = GGUFCursor(file)
    guard try cursor.integer(UInt32.self) == 0x4655_4747 else {
      throw cursor.failure("expected the letters `GGUF`", next: "is it a GGUF file?")
    }
    let version = try cursor.integer(UInt32.self)
    guard version == 2 || version == 3 else {
      let isSwapped = version.byteSwapped == 2 || version.byteSwapped == 3
      throw cursor.failure(isSwapped ? "big-endian files are not supported" : "unknown version \(version)")
    }
    let tensorCount = try cursor.count(of: "tensors", width: 24)
    let valueCount = try cursor.count(of: "values", width: 13)

    metadata = try Self.metadata(valueCount, &cursor)
    cursor.place = "general.alignment"
    let alignment = metadata["general.alignment"].map { $0.integer ?? 0 } ?? 32
    guard alignment.nonzeroBitCount == 1, (8...65536).contains(alignment) else {
      throw cursor.failure("expected a power of two from 8 to 65536")
    }
    tensors = try Self.tensors(tensorCount, alignment, &cursor)
    var indices: [String: Int] = [:]
    for (index, tensor) in tensors.enumerated() where indices.updateValue(index, forKey: tensor.name) != nil {
      throw FileError(path, tensor.name, "is given twice")
    }
    self.path = path
    self.file = file
    self.indices = indices
  }

  /// The tensor named `name`, or nil.
  package subscript(name: String) -> GGUFTensor? { indices[name].map { tensors[$0] } }

  /// The elements of a tensor of this file, as stored.
  package func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
  }

  /// Releases the memory that holds a tensor of this file; its elements can be read again.
  func discardPages(of tensor: GGUFTensor) { file.discard(bytes(of: tensor)) }

  private static func metadata(
    _ count: Int, _ cursor: inout GGUFCursor
  ) throws(FileError) -> [String: GGUFValue] {
    var values: [String: GGUFValue] = [:]
    for _ in 0..<count {
      cursor.place = "metadata"
      let key = try cursor.string()
      cursor.place = key
      guard values.updateValue(try cursor.value(), forKey: key) == nil else {
        throw cursor.failure("is given twice")
      }
    }
    return values
  }

  private static func tensors(
    _ count: Int, _ alignment: Int, _ cursor: inout GGUFCursor
  ) throws(FileError) -> [GGUFTensor] {
    var tensors: [GGUFTensor] = []
    var offsets: [UInt64] = []
    var sizes: [Int] = []
    for _ in 0..<count {
      cursor.place = "tensors"
      let name = try cursor.string()
      cursor.place = name
      let rank = try cursor.integer(UInt32.self)
      guard rank <= 4 else { throw cursor.failure("\(rank) dimensions; GGUF allows 4") }
      var shape: [Int] = []
      for _ in 0..<rank { shape.append(Int(clamping: try cursor.integer(UInt64.self))) }
      shape.reverse()
      let typeNumber = try cursor.integer(UInt32.self)
      guard let type = GGMLType(rawValue: typeNumber) else {
        throw FileError.unsupported(
          cursor.path, name, "element type \(typeNumber) is not supported",
          next: "use a file of \(GGMLType.allCases.map { "\($0)".uppercased() }.joined(separator: ", "))")
      }
      guard let elements = elementCount(of: shape), (shape.last ?? 1).isMultiple(of: type.blockElements),
        case let (size, overflow) = (elements / type.blockElements).multipliedReportingOverflow(
          by: type.blockBytes),
        !overflow
      else { throw cursor.failure("impossible shape \(shape) of \(type)") }
      let offset = try cursor.integer(UInt64.self)
      guard offset.isMultiple(of: UInt64(alignment)) else {
        throw cursor.failure("its offset \(offset) is not a multiple of \(alignment)")
      }
      tensors.append(GGUFTensor(name: name, type: type, shape: shape, range: 0..<0))
      offsets.append(offset)
      sizes.append(size)
    }

    let dataStart = (cursor.offset + alignment - 1) / alignment * alignment
    let available = max(0, cursor.bytes.count - dataStart)
    for index in tensors.indices {
      cursor.place = tensors[index].name
      guard offsets[index] <= available, sizes[index] <= available - Int(offsets[index]) else {
        throw cursor.failure(
          "\(sizes[index]) bytes at offset \(offsets[index]) lie outside the \(available) bytes of data",
          next: "the file is truncated or damaged")
      }
      let start = dataStart + Int(offsets[index])
      tensors[index].range = start..<start + sizes[index]
    }
    let ordered = tensors.filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (one, next) in zip(ordered, ordered.dropFirst()) where one.range.upperBound > next.range.lowerBound {
      throw FileError(cursor.path, next.name, "its data overlap those of `\(one.name)`")
    }
    return tensors
  }
}
