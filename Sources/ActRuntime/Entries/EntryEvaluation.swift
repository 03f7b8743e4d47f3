import ActFormats
import ActIR
import ActPlan

extension EntryModel {
  /// Runs a call of whole entries, in as many steps as it takes; an entry's results depend on its own inputs only, bit
  /// for bit.
  ///
  /// Whole numbers that are not given are 0, and the chosen rows are then the first of each entry; floats must be given.
  ///
  /// - Parameters:
  ///   - inputs: the tensors by the names of the plan's inputs, and `sequences`: the entry of each row, 0, 1, 2, … with
  ///     the rows of an entry side by side. Without it the rows are one entry.
  ///   - steering: that of each entry. All tokens of an entry count as its prompt.
  ///   - prompt: more inputs, those that stay the same in further calls, and what the first call with it makes of them.
  ///   - sites: sites whose values are wanted too, after the results; see ``Engine/observableSites``.
  /// - Returns: the plan's results, then the sites in order of execution; images as [B,C,H,W].
  /// - Throws: `FileError` for inputs that do not fit the plan, `EngineError` where a dial does not exist,
  ///   `NotFiniteError` for results that are not finite.
  package func evaluate(
    _ inputs: EntryInputs, steering: EntrySteering = EntrySteering([:]), prompt: EntryPrompt? = nil,
    sites: Set<String> = []
  ) throws -> [ResultTensor] {
    for strengths in steering.steerings {
      try engine.check(strengths)
      try check(strengths)
    }
    var inputs = inputs
    if let prompt { inputs.tensors.merge(prompt.inputs.tensors) { $1 } }
    inputs = try inputs.filled(for: plan.inputs)
    let layout = try EntryLayout(inputs, self)
    let values = try plan.inputs.compactMap { input -> EntryInput? in
      guard prompt?.states == nil || input.time == .step else { return nil }
      return try EntryInput(input, of: inputs, layout.entries) { plan.limit(ofInput: $0, layout.count) }
    }
    try checkScopes()
    let known = prompt?.states
    guard known.map({ $0.count == layout.parts.count }) ?? true else {
      throw EngineError("a call of other entries than the first with its prompt")
    }
    var made: [PromptState] = []
    var results = plan.results.map { EntryResult($0.name, plan.values[$0.value].type, layout) }
    var observed: [EntryResult] = []
    for (index, part) in layout.parts.enumerated() {
      if known == nil { try engine.makeRoomForPrompt() }
      for value in values { value.write(part.indices(value.symbol), to: engine) }
      let sizes = Array(layout.entries.sizes[part.entries])
      let slots = try EntrySlots(sizes.map(\.text), part.entries.map { steering[$0] }, self)
      defer { slots.release(to: self) }
      let chosen =
        layout.namesChosen ? part.chosen.map { Int32(layout.chosen[$0] - part.rows("T").lowerBound) } : nil
      if let prompt, known == nil {
        prompt.preparationTime += try ContinuousClock().measure {
          made.append(try engine.prepare(entries: sizes, slots: slots.entries, rowSlots: slots.rows))
        }
      }
      try engine.step(
        entries: sizes, slots: slots.entries, rowSlots: slots.rows, chosen: chosen,
        prompt: known?[index] ?? made.last, observing: sites
      ) { site, values, _ in
        let index: Int
        if let known = observed.firstIndex(where: { $0.tensor.name == site }) {
          index = known
        } else {
          index = observed.count
          observed.append(EntryResult(site, plan.values.first { $0.site == site }!.type, layout))
        }
        values.withUnsafeBufferPointer { observed[index].take(part, from: $0.baseAddress!) }
      }
      for index in results.indices {
        results[index].take(part, from: engine.result(results[index].tensor.name)!)
      }
    }
    if known == nil { prompt?.states = made }
    return (results + observed).map(\.inFile)
  }

  /// The same, with one steering for all entries.
  package func evaluate(
    _ inputs: EntryInputs, strengths: Steering, sites: Set<String> = []
  ) throws -> [ResultTensor] {
    try evaluate(inputs, steering: EntrySteering(strengths), sites: sites)
  }

  /// Refuses tests of a prompt: an entry is read whole, before its scores are known.
  private func check(_ strengths: Steering) throws(FileError) {
    for (name, term) in strengths.terms.sorted(by: { $0.key < $1.key }) where term.hangsOnPrompt {
      throw FileError.unsupported(
        path, name, "tests of a prompt are not supported in a plan that reads whole entries",
        next: "test each token, as in `when cos(NAME) > 0.3`")
    }
  }

  /// Refuses a scope of tokens where values count entries that are no texts alone.
  private func checkScopes() throws(FileError) {
    guard plan.inputs.count(by: "B") || plan.inputs.count(by: "P"),
      let scoped = plan.scopes.first(where: { $0.scope != .all })
    else {
      return
    }
    throw FileError.unsupported(
      path, scoped.name, "a scope of tokens is not supported in a plan of images",
      next: "give the map the scope all")
  }
}

/// A result of a call, filled step by step.
private struct EntryResult {
  private(set) var tensor: ResultTensor
  private let type: TensorType

  init(_ name: String, _ type: TensorType, _ layout: EntryLayout) {
    guard case .symbol(let symbol)? = type.shape.first else { preconditionFailure("verified") }
    let shape = layout.axes(symbol) + type.shape.dropFirst().map { $0.fixed! }
    tensor = ResultTensor(
      name: name, shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *)))
    self.type = type
  }

  /// Takes a step's share, whose rows lie one after another.
  mutating func take(_ part: EntryLayout.Part, from source: UnsafePointer<Float>) {
    guard case .symbol(let symbol)? = type.shape.first, let width = type.elementsPerSymbol else { return }
    for (place, index) in part.indices(symbol).enumerated() {
      for element in 0..<width { tensor.values[index * width + element] = source[place * width + element] }
    }
  }

  /// As files hold it.
  var inFile: ResultTensor {
    guard type.isImages else { return tensor }
    let shape = tensor.shape
    let size = shape[1...].reduce(1, *)
    let values = [Float](unsafeUninitializedCapacity: tensor.values.count) { out, initialized in
      for image in 0..<shape[0] {
        tensor.values.withUnsafeBufferPointer { values in
          transpose(
            values.baseAddress! + image * size, rows: shape[1] * shape[2], columns: shape[3],
            into: out.baseAddress! + image * size)
        }
      }
      initialized = tensor.values.count
    }
    return ResultTensor(name: tensor.name, shape: type.shapeInFile(shape), values: values)
  }
}

extension Plan {
  /// One more than the largest whole number that an input takes, in a call in which the symbols count so many.
  fileprivate func limit(ofInput name: String, _ count: (String) -> Int) -> Int {
    let bound = bound(ofInput: name)
    return bound.symbols.map(count).reduce(bound.fixed ?? Int(Int32.max), min)
  }
}

/// The slots of a step's entries and rows, held until they are released.
private struct EntrySlots {
  private(set) var entries: [Int32] = []
  /// Where a map has a scope of tokens, the slot of each row.
  private(set) var rows: [Int32]?
  private var held: [Int32] = []

  /// Acquires slots for entries of so many rows, each steered in its own way.
  init(_ rowCounts: [Int], _ steerings: [Steering], _ model: EntryModel) throws {
    let isScoped = model.plan.scopes.contains { $0.scope != .all }
    // Nothing counts entries in a plan whose maps have scopes of tokens.
    var rows: [Int32] = []
    do {
      for (count, steering) in zip(rowCounts, steerings) {
        let parts = steering.parts { _ in false }
        var cursor = SlotCursor(parts, model.plan, promptCount: count)
        for position in 0..<(isScoped ? count : 1) {
          if let values = cursor.newValues(at: position) { held.append(try model.slots.acquire(values)) }
          rows.append(held[held.count - 1])
        }
      }
    } catch {
      release(to: model)
      throw error
    }
    entries = isScoped ? [Int32](repeating: 0, count: rowCounts.count) : rows
    self.rows = isScoped ? rows : nil
  }

  func release(to model: EntryModel) {
    for slot in held { model.slots.release(slot) }
  }
}
