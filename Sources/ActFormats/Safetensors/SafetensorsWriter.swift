/// Writes a safetensors file piece by piece, every tensor at a multiple of 64 bytes unless told otherwise.
///
/// The format allows no holes between tensors, so a tensor that does not end on such a multiple is followed by a
/// `U8` tensor of zeros named `__pad.N`; other readers see it, ours do not show it. Files for readers that refuse
/// tensors that they do not know are written without. The file appears under its name when `finish` returns, or never.
package final class SafetensorsWriter {
  /// A tensor to be written.
  package struct Entry: Hashable, Sendable {
    package var name: String
    package var dtype: StorageType
    package var shape: [Int]

    package init(_ name: String, _ dtype: StorageType, _ shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  package static let alignment = 64

  private let file: AtomicFile
  private let pads: Bool
  private let entries: [Entry]
  private let sizes: [Int]
  private var current = 0
  private var written = 0

  /// Writes the header; `append` then takes the tensors in the order of `entries`. Names twice or beginning with
  /// `__`, and shapes beyond 2^63 bytes, are errors. With `pads` off tensors follow one another, for readers that
  /// refuse tensors they do not know.
  package init(
    _ path: String, _ entries: [Entry], metadata: [(key: String, value: String)] = [], pads: Bool = true
  ) throws(FileError) {
    var members: [JSON.Member] = []
    if !metadata.isEmpty {
      let values = metadata.map { JSON.Member($0.key, .string($0.value)) }
      guard Set(values.map(\.key)).count == values.count else {
        throw FileError(path, "__metadata__", "a key is given twice")
      }
      members.append(JSON.Member("__metadata__", .object(values)))
    }
    var names = Set<String>()
    var sizes: [Int] = []
    var offset = 0
    func describe(_ name: String, _ dtype: StorageType, _ shape: [Int], size: Int) throws(FileError) {
      let (end, overflow) = offset.addingReportingOverflow(size)
      guard !overflow else { throw FileError(path, name, "the file would be too large") }
      let fields: JSON = .object([
        "dtype": .string(dtype.rawValue), "shape": .array(shape.map(JSON.int)),
        "data_offsets": .array([.int(offset), .int(end)]),
      ])
      members.append(JSON.Member(name, fields))
      offset = end
    }
    for entry in entries {
      guard !entry.name.hasPrefix("__") else {
        throw FileError(path, entry.name, "names beginning with `__` are reserved")
      }
      guard names.insert(entry.name).inserted else { throw FileError(path, entry.name, "is given twice") }
      guard let count = elementCount(of: entry.shape), count <= Int.max / 8 else {
        throw FileError(path, entry.name, "impossible shape \(entry.shape)")
      }
      let padding = pads ? Self.padding(after: offset) : 0
      if padding > 0 {
        let name = "\(SafetensorsHeader.paddingPrefix)\(members.count)"
        try describe(name, .u8, [padding], size: padding)
      }
      sizes.append(count * entry.dtype.width)
      try describe(entry.name, entry.dtype, entry.shape, size: count * entry.dtype.width)
    }

    var header = JSON.object(members).description
    header += String(repeating: " ", count: Self.padding(after: 8 + header.utf8.count))
    guard header.utf8.count <= SafetensorsHeader.maximumLength else {
      throw FileError(path, "header", "\(header.utf8.count) bytes, the format allows 100000000")
    }
    self.pads = pads
    self.entries = entries
    self.sizes = sizes
    file = try AtomicFile(path)
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
    try file.write(length)
    try file.write(header)
    try skipCompleted()
  }

  /// Appends bytes of the tensor `name`: the next ones of the tensor that is being written, or the first of the
  /// next. Another name, or more bytes than the tensor has, is a mistake of the caller and traps.
  package func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws(FileError) {
    if bytes.isEmpty { return }
    precondition(current < entries.count, "`\(name)` comes after the last tensor of \(file.path)")
    precondition(
      entries[current].name == name, "`\(name)` is written where `\(entries[current].name)` is due")
    precondition(bytes.count <= sizes[current] - written, "`\(name)` has fewer bytes than were written")
    try file.write(bytes)
    written += bytes.count
    try skipCompleted()
  }

  /// Completes the file and puts it under its name, having waited for the disk unless `durably` is off. Traps where
  /// a tensor lacks bytes.
  package func finish(durably: Bool = true) throws(FileError) {
    precondition(current == entries.count, "a tensor of \(file.path) was not written to its end")
    try file.commit(durably: durably)
  }

  /// Moves on from full tensors to the next one that has bytes, writing the padding before each.
  private func skipCompleted() throws(FileError) {
    while current < entries.count, written == sizes[current] {
      let isLast = current == entries.count - 1
      let padding = isLast || !pads ? 0 : Self.padding(after: written)
      try file.write([UInt8](repeating: 0, count: padding))
      current += 1
      written = 0
    }
  }

  private static func padding(after offset: Int) -> Int { (alignment - offset % alignment) % alignment }
}
