import ActFormats

/// The tensors of a committed reference, by name.
package struct TensorFile: Sendable {
  private let file: SafetensorsFile

  package init(_ path: String) throws { file = try SafetensorsFile(path) }

  package var names: [String] { file.tensors.map(\.name) }

  /// The shape of a tensor.
  package func shape(_ name: String) throws -> [Int] {
    guard let tensor = file[name] else { throw FileError(file.path, name, "is missing") }
    return tensor.shape
  }

  /// The elements of an f32 tensor, row-major.
  package func floats(_ name: String) throws -> [Float] { try elements(name, .f32) }

  /// The elements of an i32 tensor.
  package func integers(_ name: String) throws -> [Int32] { try elements(name, .i32) }

  private func elements<Element>(_ name: String, _ dtype: StorageType) throws -> [Element] {
    guard let tensor = file[name] else { throw FileError(file.path, name, "is missing") }
    guard tensor.dtype == dtype else {
      throw FileError(file.path, name, "expected \(dtype.rawValue), found \(tensor.dtype.rawValue)")
    }
    return Array(file.bytes(of: tensor).bindMemory(to: Element.self))
  }
}

/// The path of a file of `Tests/Fixtures`.
package func fixture(_ name: String) -> String { repository("Tests/Fixtures/\(name)") }

/// The path of a file of this repository.
package func repository(_ name: String) -> String {
  let levels = 3
  return #filePath.split(separator: "/").dropLast(levels).reduce("") { "\($0)/\($1)" } + "/\(name)"
}
