/// A control vector: a GGUF file of the architecture `controlvector`, whose tensors `direction.N` f32[width] are added to
/// the outputs of a decoder's blocks.
///
/// In llama.cpp, N is the number of the block, counted from 0; it refuses a direction 0. Tools that write the files do
/// not agree: llama.cpp's own `cvector-generator` calls the output of block 0 `direction.1`.
package struct ControlVectorFile: Hashable, Sendable {
  /// A vector by the number in its tensor's name.
  package var directions: [Int: [Float]]
  /// The numbers of each direction.
  package var width: Int
  /// The kind of model that the producer names, which no program looks up.
  package var modelHint: String?

  package static let architecture = "controlvector"
  private static let prefix = "direction."
  private static let hintKey = "\(architecture).model_hint"
  private static let countKey = "\(architecture).layer_count"

  /// Directions, at least one, each of `width` numbers.
  package init(_ directions: [Int: [Float]], width: Int, modelHint: String? = nil) {
    precondition(!directions.isEmpty && directions.values.allSatisfy { $0.count == width })
    self.directions = directions
    self.width = width
    self.modelHint = modelHint
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `FileError` for a damaged file, another architecture, a tensor that is no direction, directions of
  ///   different widths, and numbers that are not finite.
  package init(reading path: String) throws(FileError) {
    let file = try GGUFFile(path)
    let found = file.metadata["general.architecture"]?.string ?? "nothing"
    guard found == Self.architecture else {
      throw FileError(
        path, "general.architecture", "expected `\(Self.architecture)`, found `\(found)`",
        next: "is it a control vector?")
    }
    guard let width = file.tensors.first?.shape.last else {
      throw FileError(path, nil, "expected tensors `\(Self.prefix)N`, found none")
    }
    var directions: [Int: [Float]] = [:]
    for tensor in file.tensors {
      guard let number = Self.number(tensor.name) else {
        throw FileError(path, tensor.name, "expected a tensor `\(Self.prefix)N`")
      }
      guard tensor.type == .f32, tensor.shape.count == 1, width > 0 else {
        throw FileError(path, tensor.name, "expected F32 [width], found \(tensor.type)\(tensor.shape)")
      }
      guard tensor.shape[0] == width else {
        throw FileError(
          path, tensor.name,
          "expected \(width) numbers, as \(file.tensors[0].name) has, found \(tensor.shape[0])")
      }
      let bytes = file.bytes(of: tensor)
      let values = (0..<width).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      if let index = values.withUnsafeBufferPointer(\.firstNonFinite) {
        throw .notFinite(path, tensor.name, "\(values[index])", at: index, shape: tensor.shape)
      }
      guard directions.updateValue(values, forKey: number) == nil else {
        throw FileError(path, tensor.name, "its number is given twice")
      }
    }
    self.init(directions, width: width, modelHint: file.metadata[Self.hintKey]?.string)
  }

  /// The number in a tensor's name: digits alone, as all producers write them.
  private static func number(_ name: String) -> Int? {
    guard name.hasPrefix(prefix), case let digits = name.dropFirst(prefix.count),
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(digits).flatMap { $0 <= Int(Int32.max) ? $0 : nil }
  }

  /// Writes the file to `path`, complete or not at all.
  package func write(to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    var header = GGUFHeader()
    header.value("general.architecture", Self.architecture)
    if let modelHint { header.value(Self.hintKey, modelHint) }
    header.value(Self.countKey, Int32(clamping: directions.count))
    let rows = directions.sorted { $0.key < $1.key }
    for row in rows { header.tensor("\(Self.prefix)\(row.key)", f32: [width]) }
    try file.write(header.bytes)
    for row in rows {
      try row.value.withUnsafeBufferPointer { (values) throws(FileError) in
        try file.write(UnsafeRawBufferPointer(values))
      }
      try file.write([UInt8](repeating: 0, count: GGUFHeader.padding(after: 4 * width)))
    }
    try file.commit()
  }
}
