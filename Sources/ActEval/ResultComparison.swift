import ActFormats
import ActRuntime

/// How far a result lies from what was expected.
package struct ResultComparison: Hashable, Sendable, CustomStringConvertible {
  package var name: String
  /// The sum of the squared differences by that of the expected squares; NaN where a value is.
  package var normalizedSquaredError: Double
  /// Where the difference is largest, or a NaN.
  package var row, column: Int
  package var found, expected: Float

  /// Whether the error is at most `limit`; a NaN is not.
  package func isWithin(_ limit: Double) -> Bool { normalizedSquaredError <= limit }

  package var description: String {
    "\(name): NMSE \(normalizedSquaredError), worst at row \(row), column \(column): found \(found), expected \(expected)"
  }

  /// Compares a result with the tensor of its name; nil where the file has none.
  ///
  /// - Throws: `FileError` for a tensor of another type or shape.
  package init?(_ result: ResultTensor, with file: SafetensorsFile) throws(FileError) {
    guard let tensor = file[result.name] else { return nil }
    guard tensor.dtype == .f32, tensor.shape == result.shape else {
      throw FileError(
        file.path, result.name, "expected F32 \(result.shape), found \(tensor.dtype.rawValue) \(tensor.shape)"
      )
    }
    let expected = file.bytes(of: tensor).withMemoryRebound(to: Float.self) { Array($0) }
    self.init(result.name, found: result.values, expected: expected, width: result.width)
  }

  /// Compares rows of `width` values; there is at least one.
  package init(_ name: String, found: [Float], expected: [Float], width: Int) {
    var worst = (index: 0, difference: -1.0)
    var (error, power) = (0.0, 0.0)
    for index in expected.indices {
      // Equal infinities have no difference.
      let difference =
        found[index] == expected[index] ? 0 : (Double(found[index]) - Double(expected[index])).magnitude
      error += difference * difference
      // What is infinite in both says nothing of the size of the others.
      if expected[index].isFinite { power += Double(expected[index]) * Double(expected[index]) }
      // A NaN is the worst of all, and stays it.
      if !(difference <= worst.difference), !worst.difference.isNaN { worst = (index, difference) }
    }
    self.name = name
    normalizedSquaredError = error == 0 ? 0 : error / power
    (row, column) = (worst.index / width, worst.index % width)
    self.found = found[worst.index]
    self.expected = expected[worst.index]
  }
}
