import ActFormats
import ActIR

/// Where the packed rows of an image stand, line by line: 0, the line and the column, and 0 for further axes.
///
/// - Parameters:
///   - lines: how many rows of the image lie one above the other.
///   - columns: how many lie side by side.
///   - axes: how many numbers each row has.
/// - Returns: `[lines · columns, axes]`.
func placesOfGrid(lines: Int, columns: Int, axes: Int) -> [Float] {
  var places: [Float] = []
  for line in 0..<lines {
    for column in 0..<columns {
      for axis in 0..<axes { places.append(axis == 1 ? Float(line) : axis == 2 ? Float(column) : 0) }
    }
  }
  return places
}

extension DeclaredInput {
  /// What an input with the role `place` is where nobody gives it: 0 for the rows of texts, and for those of images
  /// their places in square ones.
  ///
  /// - Throws: `FileError` for an image whose rows make no square.
  func places(_ sizes: EntrySizes, path: String) throws(FileError) -> [Float] {
    guard let axes = type.shape.last?.fixed else { preconditionFailure("verified") }
    guard isCounted(by: "P") else { return [Float](repeating: 0, count: sizes.count("T") * axes) }
    var places: [Float] = []
    for (entry, size) in sizes.sizes.enumerated() {
      let side = Int(Double(size.image).squareRoot().rounded())
      guard side * side == size.image else {
        throw FileError(
          path, name, "entry \(entry): \(size.image) rows are those of no square image",
          next: "give \(name) \(type): of each row 0, its line and its column")
      }
      places += placesOfGrid(lines: side, columns: side, axes: axes)
    }
    return places
  }
}
