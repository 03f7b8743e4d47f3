/// Where an engine has what steps read of a prompt: kept values, and the prompt's inputs, from which they are made.
struct PromptMemory {
  /// Values whose rows lie one after another.
  private var rows: [Location] = []
  private var keysAndValues: [PackedKeyValues] = []

  mutating func add(_ value: Location) { rows.append(value) }

  mutating func add(_ keysAndValues: PackedKeyValues) { self.keysAndValues.append(keysAndValues) }

  /// The bytes that hold something in a call.
  ///
  /// - Parameters:
  ///   - sizes: the entries.
  ///   - rowCount: how many rows a value has.
  /// - Returns: them, in the same order for calls of the same entries.
  func parts(of sizes: [EntrySize], rowCount: (Location) -> Int) -> [UnsafeMutableRawBufferPointer] {
    // Whole numbers, floats and masks have four bytes.
    rows.map { .init(start: $0.base, count: rowCount($0) * $0.columns * 4) }
      + keysAndValues.flatMap { $0.memory(of: sizes) }
  }
}
