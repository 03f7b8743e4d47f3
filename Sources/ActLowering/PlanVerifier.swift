import ActIR

/// A plan that is not safe to run: the value, what it must be and what it is.
public struct PlanError: Error, Hashable, CustomStringConvertible {
  public var value: String
  public var expected: String
  public var found: String

  public var description: String { "\(value): expected \(expected), found \(found)" }
}

extension Plan {
  /// The most rows of a call, tokens of a context and bytes of a block that a plan may ask for.
  private static let largestRows = 1 << 20
  private static let largestBlock = 1 << 40

  /// Checks everything that running the plan relies on: types, places, offsets, lifetimes.
  ///
  /// What passes here cannot read or write outside its buffers, whoever wrote the file.
  public func verify() throws(PlanError) {
    try verifySizes()
    for index in values.indices {
      try verifyType(index)
      try verifyPlace(index)
    }
    try verifyResults()
    try verifyCaches()
    try verifyArena()
  }

  private func failure(_ index: Int, _ expected: String, _ found: String) -> PlanError {
    PlanError(value: "%\(values[index].name) = \(values[index].op.mnemonic)", expected: expected, found: found)
  }

  private func verifySizes() throws(PlanError) {
    for limit in limits where !(1...Self.largestRows).contains(limit.value) {
      throw PlanError(value: "limit \(limit.symbol)", expected: "1 to \(Self.largestRows)", found: "\(limit.value)")
    }
    guard (1...Self.largestRows * 16).contains(contextLength) else {
      throw PlanError(value: "context", expected: "1 to \(Self.largestRows * 16)", found: "\(contextLength)")
    }
    for (name, size) in [("arena", arenaByteCount), ("slot", slotByteCount)]
    where !(0...Self.largestBlock).contains(size) {
      throw PlanError(value: name, expected: "at most \(Self.largestBlock) bytes", found: "\(size)")
    }
  }

  private func verifyType(_ index: Int) throws(PlanError) {
    let value = values[index]
    guard value.inputs.allSatisfy({ $0 < index }) else { throw failure(index, "operands before it", "a later one") }
    let expected: TensorType?
    do { expected = try value.op.resultType(of: value.inputs.map { values[$0].type }) } catch {
      throw failure(index, error.expected, error.found)
    }
    if let expected, expected != value.type { throw failure(index, "a result of \(expected)", "\(value.type)") }
    guard byteCount(value.type) != nil else { throw failure(index, "a size that fits, of known symbols", "\(value.type)") }
    switch value.op {
    case .fused(let body) where !body.fitsKernels, .linearEpilogue(let body) where !body.fitsKernels:
      throw failure(
        index, "at most \(Expression.maximumInputs) inputs and \(Expression.maximumInstructions) instructions",
        "\(body.inputCount) and \(body.instructions.count)")
    default: break
    }
  }

  private func verifyPlace(_ index: Int) throws(PlanError) {
    let value = values[index]
    switch value.place {
    case .constant:
      guard case .weight = value.op, value.type.fixedCount != nil else {
        throw failure(index, "a weight of fixed size among the constants", "\(value.type)")
      }
    case .call:
      guard case .input(let name) = value.op, value.name == name,
        value.type == TensorType(.i32, [.symbol(name == "logit_rows" ? "R" : "T")]),
        ["tokens", "positions", "logit_rows"].contains(name)
      else { throw failure(index, "tokens i32[T], positions i32[T] or logit_rows i32[R]", "\(value.type)") }
    case .slot(let offset):
      guard set.contains(index), value.type.dtype == .f32, value.type.rank <= 1, let count = value.type.fixedCount,
        offset % bufferAlignment == 0, offset <= slotByteCount, count * 4 <= slotByteCount - offset,
        value.op.isElementwise || value.op.ownBindingTime == .set, value.inputs.allSatisfy({ $0 < step.lowerBound && values[$0].place != .call })
      else { throw failure(index, "a vector inside the slot's \(slotByteCount) bytes", "\(value.type) @slot+\(offset)") }
    case .arena(let offset):
      try verifyRows(index)
      guard let count = byteCount(value.type), offset % bufferAlignment == 0, offset <= arenaByteCount,
        count <= arenaByteCount - offset
      else { throw failure(index, "bytes inside the arena's \(arenaByteCount)", "\(value.type) @arena+\(offset)") }
    case .view:
      try verifyRows(index)
      guard case .slice = value.op, step.contains(value.inputs[0]) else {
        throw failure(index, "a slice of a step's value", value.op.mnemonic)
      }
    case .over(let operand):
      try verifyRows(index)
      guard value.op.overwritableOperands(count: value.inputs.count).contains(operand),
        step.contains(value.inputs[operand]), values[value.inputs[operand]].type == value.type,
        values[buffer(of: value.inputs[operand])].place != .result
      else { throw failure(index, "an operand that it may overwrite", "operand \(operand)") }
    case .result:
      try verifyRows(index)
      guard results.contains(where: { $0.value == index }) else { throw failure(index, "a result", "none") }
    }
  }

  /// The smallest table of embeddings, which bounds the token ids; nil where the plan embeds nothing.
  public var vocabularySize: Int? {
    values.compactMap { value in
      if case .embedding = value.op { values[value.inputs[0]].type.shape[0].fixed } else { nil }
    }.min()
  }

  private func verifyRows(_ index: Int) throws(PlanError) {
    let value = values[index]
    // Masks lie as f32, and only elementwise kernels know them.
    let isMask = value.type.dtype == .bool && value.op.isElementwise && value.place != .result
    guard step.contains(index), value.type.dtype == .f32 || isMask, value.type.rank == 2,
      case .symbol = value.type.shape[0], value.type.shape[1].fixed != nil
    else { throw failure(index, "rows of a fixed width in the step", "\(value.type)") }
    if case .slice = value.op, value.place != .view { throw failure(index, "@view", "a place of its own") }
    switch value.op {
    case .input, .weight, .mapParameter, .dial, .constant: throw failure(index, "an op of a step", value.op.mnemonic)
    // The engine checks these inputs against their ranges, and only these.
    case .embedding where values[value.inputs[1]].name != "tokens":
      throw failure(index, "%tokens as operand 1", "%\(values[value.inputs[1]].name)")
    case .takeRows where values[value.inputs[1]].name != "logit_rows":
      throw failure(index, "%logit_rows as operand 1", "%\(values[value.inputs[1]].name)")
    case .attention where value.type.shape[0] != .symbol("T"): throw failure(index, "rows T", "\(value.type)")
    default: break
    }
  }

  private func verifyResults() throws(PlanError) {
    guard !results.isEmpty, Set(results.map(\.name)).count == results.count else {
      throw PlanError(value: "return", expected: "results with names of their own", found: "\(results.map(\.name))")
    }
    for result in results where !step.contains(result.value) {
      throw failure(result.value, "a result of the step", "a value known before it")
    }
  }

  private func verifyCaches() throws(PlanError) {
    for (index, attention) in caches.enumerated() where attention.cache != index {
      throw PlanError(value: "attention", expected: "caches 0, 1, 2, … once each", found: "\(attention.cache)")
    }
  }

  /// Checks that no buffer's bytes are taken while somebody still reads them.
  private func verifyArena() throws(PlanError) {
    let buffers = buffers()
    let offsets = buffers.values.map { index in
      if case .arena(let offset) = values[index].place { offset } else { 0 }
    }
    let layout = ArenaLayout(offsets: offsets, byteCount: arenaByteCount)
    if let (a, b) = layout.firstOverlap(buffers.lifetimes) {
      throw failure(buffers.values[b], "bytes of its own", "those of %\(values[buffers.values[a]].name)")
    }
    let last = lastReads(throughViews: false)
    for index in step {
      guard case .over(let operand) = values[index].place else { continue }
      let input = values[index].inputs[operand]
      guard mayOverwrite(input, at: index, last) else {
        throw failure(index, "an operand that nobody reads later", "%\(values[input].name)")
      }
    }
  }
}
