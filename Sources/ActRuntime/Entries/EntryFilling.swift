import ActFormats
import ActIR

extension EntryInputs {
  /// The same call with the text of every entry filled up as a model asks for it by an input of the role
  /// `InputRole.filling`, and with the inputs that say how.
  ///
  /// - Parameter declared: the model's inputs.
  /// - Returns: the call; itself where no input asks for it.
  /// - Throws: `FileError` for tensors that do not fit the inputs.
  package func filled(for declared: [DeclaredInput]) throws(FileError) -> EntryInputs {
    let asked = declared.filter { $0.role.isOfFilling && tensors[$0.name] == nil }
    guard !asked.isEmpty else { return self }
    let isFilled = asked.contains { $0.role == .filling }
    let entries = try sizes(declared)
    let counts = entries.sizes.map(\.text)
    let filled = isFilled ? counts.map(InputRole.filled) : counts
    let isSeparated = entries.separated.contains("T")
    let rowCount = filled.reduce(0, +)
    let axes = isSeparated ? [filled.count, filled[0]] : [rowCount]

    var inputs = self
    for input in asked where input.role == .textLength {
      inputs.tensors[input.name] = .init(filled.map { Float($0) }, shape: [filled.count, 1])
    }
    guard isFilled else { return inputs }
    var rows: [Int] = []
    var marks: [Float] = []
    var first = 0
    for (count, all) in zip(counts, filled) {
      rows += (0..<all).map { first + min($0, count - 1) }
      marks += (0..<all).map { $0 < count ? 0 : 1 }
      first += count
    }
    for input in declared where input.isCounted(by: "T") {
      if input.role == .filling {
        inputs.tensors[input.name] = .init(marks, shape: axes + [1])
      } else if tensors[input.name] != nil {
        let given = try EntryInput(input, of: self, entries, limit: { _ in Int(Int32.max) })
        inputs.tensors[input.name] = given?.tensor(at: rows, axes: axes)
      }
    }
    inputs.tensors[Self.sequences] =
      isSeparated
      ? nil : .init(filled.enumerated().flatMap { entry, count in Array(repeating: entry, count: count) })
    return inputs
  }
}
