import ActFormats
import ActIR

/// The entries of a call, and how files hold their rows.
package struct EntrySizes: Sendable {
  /// How many rows each entry has.
  package var sizes: [EntrySize]
  /// The symbols of rows that files hold as `[B,S,…]`: each entry has as many.
  package var separated: Set<String> = []

  /// How many there are of what a symbol counts.
  package func count(_ symbol: String) -> Int { sizes.count(symbol) }

  /// The axes that files have in place of the one that a symbol counts.
  package func axes(_ symbol: String) -> [Int] {
    let parts = RowKind.parts(of: symbol) ?? []
    let areSeparated = parts.allSatisfy { part in
      if case .ragged(let symbol) = part { separated.contains(symbol) } else { true }
    }
    guard areSeparated, !parts.isEmpty else { return [count(symbol)] }
    return [sizes.count, sizes[0].count(symbol)]
  }
}

extension EntryInputs {
  /// How many rows each entry has; 0 of a kind that no input has.
  ///
  /// - Throws: `FileError` where what is given contradicts itself.
  package func sizes(_ declared: [DeclaredInput]) throws(FileError) -> EntrySizes {
    if tensors[Self.sequences] != nil, !declared.count(by: "T") {
      throw FileError(path, Self.sequences, "no input has rows that could belong to one")
    }
    let entries = try size(ofAxis: 0, declared) { $0.isCounted(by: "B") || $0.isSeparated($1) }
    var counts: [String: [Int]] = [:]
    var separated: Set<String> = []
    for symbol in ["T", "P"] where declared.count(by: symbol) {
      let each = try size(ofAxis: 1, declared) { $0.isCounted(by: symbol) && $0.isSeparated($1) }
      if each != nil { separated.insert(symbol) }
      counts[symbol] = try rowCounts(symbol, declared, each, entries: entries)
    }
    // At least one of the inputs is given, or it has no entries.
    let entryCount = entries ?? counts.values.first?.count ?? 1
    let sizes = (0..<entryCount).map { entry in
      EntrySize(text: counts["T"]?[entry] ?? 0, image: counts["P"]?[entry] ?? 0)
    }
    return EntrySizes(sizes: sizes, separated: separated)
  }

  /// How many rows of a kind each entry has.
  ///
  /// - Parameters:
  ///   - symbol: what counts the rows.
  ///   - declared: the inputs.
  ///   - each: how many each has by those inputs that are `[B,S,…]`.
  ///   - entries: how many entries there are by other inputs.
  /// - Returns: a number for each entry.
  /// - Throws: `FileError` where what is given contradicts itself.
  private func rowCounts(
    _ symbol: String, _ declared: [DeclaredInput], _ each: Int?, entries: Int?
  ) throws(FileError) -> [Int] {
    let sequences = symbol == "T" ? try integers(Self.sequences) : nil
    if let each, let entries {
      let counts = [Int](repeating: each, count: entries)
      if let sequences, try Self.rowCounts(of: sequences, rows: each * entries, path: path) != counts {
        throw FileError(
          path, Self.sequences, "expected \(entries) entries of \(each) rows, as other inputs have",
          next: "leave it out, or give rows [T,…] of entries that differ")
      }
      return counts
    }
    let rows = try size(ofAxis: 0, declared) { input, _ in input.isCounted(by: symbol) }
    guard let rows = rows ?? sequences?.count else {
      let input = declared.first { $0.role == .token } ?? declared.first { $0.isCounted(by: symbol) }
      let name = input?.name ?? symbol
      throw FileError(path, name, "no such tensor", next: "give \(name) \(input?.type.description ?? "")")
    }
    guard let sequences else {
      if entries ?? 1 == 1 { return [rows] }
      let name = declared.first { $0.isCounted(by: symbol) && tensors[$0.name] != nil }?.name ?? symbol
      let separate = "give \(name) as [\(entries ?? 1),S,…]"
      guard symbol == "T" else {
        throw FileError(
          path, name, "expected rows of \(entries ?? 1) entries, found [\(rows),…]", next: separate)
      }
      throw FileError(
        path, Self.sequences, "no such tensor",
        next: "give it as i32[T]: to which of the \(entries ?? 1) entries each row belongs; or \(separate)")
    }
    let counts = try Self.rowCounts(of: sequences, rows: rows, path: path)
    if let entries, entries != counts.count {
      throw FileError(
        path, Self.sequences, "expected \(entries) entries, as other inputs, found \(counts.count)")
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

  /// The size along an axis of those tensors for whose inputs `isOne` holds; nil where none is given.
  private func size(
    ofAxis axis: Int, _ declared: [DeclaredInput], where isOne: (DeclaredInput, Tensor) -> Bool
  ) throws(FileError) -> Int? {
    var found: (size: Int, name: String)?
    for input in declared {
      guard let tensor = tensors[input.name], tensor.number(for: input) == nil, isOne(input, tensor) else {
        continue
      }
      guard tensor.shape.count > axis, tensor.shape[axis] > 0 else {
        throw FileError(path, input.name, "expected \(input.type), found \(tensor.shape)")
      }
      if let found, found.size != tensor.shape[axis] {
        throw FileError(
          path, input.name,
          "expected \(found.size) along its \(axis == 0 ? "first" : "second") dimension, as `\(found.name)` has, "
            + "found \(tensor.shape[axis])")
      }
      found = found ?? (tensor.shape[axis], input.name)
    }
    return found?.size
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

extension DeclaredInput {
  /// Whether it has as many elements along its first dimension as a symbol counts.
  func isCounted(by symbol: String) -> Bool { type.shape.first == .symbol(symbol) }

  /// Whether a tensor for it has the rows of an entry after those of another, as `[B,S,…]`.
  fileprivate func isSeparated(_ tensor: EntryInputs.Tensor) -> Bool {
    type.dtype == .f32 && (isCounted(by: "T") || isCounted(by: "P")) && tensor.shape.count == type.rank + 1
  }
}
