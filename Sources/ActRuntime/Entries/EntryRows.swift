import ActFormats
import ActIR

extension EntryInputs {
  /// How many rows each entry has; 0 where the inputs count entries alone.
  ///
  /// - Throws: `FileError` where what is given contradicts itself.
  package func rowCounts(_ declared: [DeclaredInput]) throws(FileError) -> [Int] {
    let entryCount = try count("B", declared)
    guard declared.count(by: "T") else {
      if tensors[Self.sequences] != nil {
        throw FileError(path, Self.sequences, "no input has rows that could belong to one")
      }
      // At least one of the inputs is given, or it has no entries.
      return [Int](repeating: 0, count: entryCount ?? 1)
    }
    let sequences = try integers(Self.sequences)
    guard let rowCount = try count("T", declared) ?? sequences?.count else {
      let name = declared.first { $0.role == .token }?.name ?? declared[0].name
      throw FileError(path, name, "no such tensor", next: "give \(name) i32[T]")
    }
    guard let sequences else {
      guard entryCount ?? 1 == 1 else {
        throw FileError(
          path, Self.sequences, "no such tensor",
          next: "give it as i32[T]: to which of the \(entryCount ?? 1) entries each row belongs")
      }
      return [rowCount]
    }
    let counts = try Self.rowCounts(of: sequences, rows: rowCount, path: path)
    if let entryCount, entryCount != counts.count {
      throw FileError(
        path, Self.sequences,
        "expected \(entryCount) entries, as other inputs, found \(counts.count)")
    }
    return counts
  }

  /// How many rows each entry has, by the entry of each of so many rows: 0, 1, 2, … with the rows of an entry side by
  /// side.
  package static func rowCounts(of sequences: [Int], rows: Int, path: String) throws(FileError) -> [Int] {
    guard sequences.count == rows else {
      throw FileError(path, Self.sequences, "expected [\(rows)], as other inputs, found [\(sequences.count)]")
    }
    var counts: [Int] = []
    for (row, entry) in sequences.enumerated() {
      if entry == counts.count {
        counts.append(1)
      } else if entry == counts.count - 1 {
        counts[entry] += 1
      } else {
        throw FileError(
          path, Self.sequences,
          "expected 0, 1, 2, … with the rows of an entry side by side, found \(entry) at row \(row)")
      }
    }
    return counts
  }

  /// The number of elements along the first dimension of those inputs that are given and have this symbol; nil where
  /// none is.
  private func count(_ symbol: String, _ declared: [DeclaredInput]) throws(FileError) -> Int? {
    var found: (count: Int, name: String)?
    for input in declared where input.type.shape.first == .symbol(symbol) {
      guard let tensor = tensors[input.name], tensor.number(for: input) == nil else { continue }
      guard let count = tensor.shape.first, count > 0 else {
        throw FileError(path, input.name, "expected \(input.type), found \(tensor.shape)")
      }
      if let found, found.count != count {
        throw FileError(
          path, input.name,
          "expected \(found.count) along its first dimension, as `\(found.name)` has, found \(count)")
      }
      found = found ?? (count, input.name)
    }
    return found?.count
  }

  /// Whole numbers, one a row; nil where they are not given.
  func integers(_ name: String) throws(FileError) -> [Int]? {
    guard let tensor = tensors[name] else { return nil }
    guard case .integers(let values) = tensor.elements, tensor.shape.count == 1, !values.isEmpty else {
      throw FileError(path, name, "expected whole numbers [T], found \(tensor.shape)")
    }
    return values
  }

  /// Checks that each of the numbers is 0 or more and below `limit`.
  func check(_ values: [Int], of name: String, below limit: Int) throws(FileError) {
    guard let row = values.firstIndex(where: { !(0..<limit).contains($0) }) else { return }
    throw FileError(path, name, "expected 0 to \(limit - 1), found \(values[row]) at row \(row)")
  }
}
