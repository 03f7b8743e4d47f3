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
  ///   - strengths: the steering. All tokens of an entry count as its prompt.
  ///   - sites: sites whose values are wanted too, after the results; see ``Engine/observableSites``.
  /// - Returns: the plan's results, then the sites in order of execution; images as [B,C,H,W].
  /// - Throws: `FileError` for inputs that do not fit the plan, `EngineError` where a dial does not exist,
  ///   `NotFiniteError` for results that are not finite.
  package func evaluate(
    _ inputs: EntryInputs, strengths: [String: Float] = [:], sites: Set<String> = []
  ) throws -> [ResultTensor] {
    let layout = try EntryLayout(inputs, self)
    let values = try plan.inputs.compactMap { try EntryInput($0, of: inputs, plan, layout) }
    try checkScopes()
    var results = plan.results.map { EntryResult($0.name, plan.values[$0.value].type, layout) }
    var observed: [EntryResult] = []
    for part in layout.parts {
      for value in values { value.write(part, to: engine) }
      let counts = Array(layout.rowCounts[part.entries])
      let slots = try EntrySlots(counts, strengths, self)
      defer { slots.release(to: self) }
      let chosen =
        layout.namesChosen ? part.chosen.map { Int32(layout.chosen[$0] - part.rows.lowerBound) } : nil
      try engine.step(
        entries: counts, slots: slots.entries, rowSlots: slots.rows, chosen: chosen, observing: sites
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
    return (results + observed).map(\.inFile)
  }

  /// Refuses a scope of tokens where values count entries that are no texts alone.
  private func checkScopes() throws(FileError) {
    guard plan.counts("B"), let scoped = plan.scopes.first(where: { $0.scope != .all }) else { return }
    throw FileError.unsupported(
      path, scoped.name, "a scope of tokens is not supported in a plan of images",
      next: "give the map the scope all")
  }
}

/// An input of a call, in the layout in which the engine reads it.
private struct EntryInput {
  private enum Values {
    case integers([Int32])
    case floats([Float])
  }

  private let name: String
  private let symbol: String
  /// How many elements there are of each that the symbol counts.
  private let width: Int
  private let values: Values

  /// Nil for what the engine writes itself.
  init?(
    _ input: (name: String, role: InputRole, type: TensorType), of inputs: EntryInputs, _ plan: Plan,
    _ layout: EntryLayout
  ) throws(FileError) {
    switch input.role {
    case .position, .entry, .chosen: return nil
    case .token, .given: break
    }
    guard case .symbol(let symbol)? = input.type.shape.first, let width = input.type.elementsPerSymbol else {
      preconditionFailure("verified")
    }
    name = input.name
    self.symbol = symbol
    self.width = width
    let count = layout.count(symbol)
    guard let tensor = inputs.tensors[name] else {
      guard input.role == .given, input.type.dtype == .i32 else {
        throw FileError(inputs.path, name, "no such tensor", next: "give \(name) \(input.type)")
      }
      values = .integers([Int32](repeating: 0, count: count))
      return
    }
    let shape = inFile([count] + input.type.shape.dropFirst().map { $0.fixed! }, input.type)
    guard tensor.shape == shape else {
      throw FileError(inputs.path, name, "expected \(shape), found \(tensor.shape)")
    }
    switch tensor.elements {
    case .integers(let integers) where input.type.dtype == .i32:
      let bound = plan.bound(ofInput: name)
      let limit = bound.symbols.map { layout.count($0) }.reduce(bound.fixed ?? Int(Int32.max), min)
      try inputs.check(integers, of: name, below: limit)
      values = .integers(integers.map { Int32($0) })
    case .floats(let floats) where input.type.dtype == .f32:
      values = .floats(
        input.type.isImages ? exchanged(floats, shape[1], shape[2] * shape[3], count: count) : floats)
    case .integers, .floats:
      throw FileError(inputs.path, name, "expected \(input.type), found elements of another type")
    }
  }

  /// Writes a step's share where the engine reads it.
  func write(_ part: EntryLayout.Part, to engine: Engine) {
    let indices = part.indices(symbol)
    switch values {
    case .integers(let values):
      guard let target = engine.integers(name) else { preconditionFailure("the plan has the input") }
      copy(values, indices, to: target)
    case .floats(let values):
      guard let target = engine.input(name) else { preconditionFailure("the plan has the input") }
      copy(values, indices, to: target)
    }
  }

  private func copy<Element>(_ values: [Element], _ indices: [Int], to target: UnsafeMutablePointer<Element>)
  {
    for (place, index) in indices.enumerated() {
      for element in 0..<width { target[place * width + element] = values[index * width + element] }
    }
  }
}

/// A result of a call, filled step by step.
private struct EntryResult {
  private(set) var tensor: ResultTensor
  private let type: TensorType

  init(_ name: String, _ type: TensorType, _ layout: EntryLayout) {
    guard case .symbol(let symbol)? = type.shape.first else { preconditionFailure("verified") }
    let shape = [layout.count(symbol)] + type.shape.dropFirst().map { $0.fixed! }
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
    return ResultTensor(
      name: tensor.name, shape: ActRuntime.inFile(shape, type),
      values: exchanged(tensor.values, shape[1] * shape[2], shape[3], count: shape[0]))
  }
}

extension TensorType {
  /// Whether a value is images [B,H,W,C], which files hold as [B,C,H,W].
  fileprivate var isImages: Bool { rank == 4 && shape.first == .symbol("B") }
}

/// The shape that a value has in files.
private func inFile(_ shape: [Int], _ type: TensorType) -> [Int] {
  type.isImages ? [shape[0], shape[3], shape[1], shape[2]] : shape
}

/// Matrices of so many rows and columns, each transposed.
private func exchanged(_ values: [Float], _ rows: Int, _ columns: Int, count: Int) -> [Float] {
  var out = [Float](repeating: 0, count: values.count)
  for matrix in 0..<count {
    let base = matrix * rows * columns
    for row in 0..<rows {
      for column in 0..<columns { out[base + column * rows + row] = values[base + row * columns + column] }
    }
  }
  return out
}

/// The slots of a step's entries and rows, held until they are released.
private struct EntrySlots {
  private(set) var entries: [Int32] = []
  /// Where a map has a scope of tokens, the slot of each row.
  private(set) var rows: [Int32]?
  private var spans: [SlotSpans] = []

  /// Acquires slots for entries of so many rows, each steered with `strengths`.
  init(_ rowCounts: [Int], _ strengths: [String: Float], _ model: EntryModel) throws {
    guard model.plan.scopes.contains(where: { $0.scope != .all }) else {
      let slot = try model.slots.acquire(strengths)
      entries = [Int32](repeating: slot, count: rowCounts.count)
      held = slot
      return
    }
    var rows: [Int32] = []
    do {
      for count in rowCounts {
        let slots = try model.slots.acquire(strengths, promptCount: count, length: count)
        spans.append(slots)
        rows += (0..<count).map { slots[$0] }
      }
    } catch {
      release(to: model)
      throw error
    }
    // Nothing counts entries in such a plan.
    entries = [Int32](repeating: 0, count: rowCounts.count)
    self.rows = rows
  }

  /// The slot that all entries share.
  private var held: Int32 = 0

  func release(to model: EntryModel) {
    model.slots.release(held)
    for span in spans { model.slots.release(span) }
  }
}
