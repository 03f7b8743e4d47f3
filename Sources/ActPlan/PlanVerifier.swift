import ActIR

/// The reason why a plan is not safe to run: the value, what was expected of it and what was found.
package struct PlanError: Error, Hashable, CustomStringConvertible {
  package var value: String
  package var expected: String
  package var found: String

  package var description: String { "\(value): expected \(expected), found \(found)" }
}

extension Plan {
  // Limits of a plan. Beyond them it is damaged, and sums of products of sizes might overflow.
  private static let largestRows = 1 << 20
  private static let largestContext = 1 << 24
  private static let largestDimension = 1 << 24
  private static let largestRotation = 1 << 12
  private static let largestBlock = 1 << 40
  private static let mostValues = 1 << 15
  private static let mostOperands = 64

  /// Checks everything that running the plan relies on: types, places, offsets, lifetimes.
  ///
  /// A plan that passes cannot read or write outside its buffers, whoever wrote the file. The time is at worst
  /// quadratic in the number of values.
  package func verify() throws(PlanError) {
    try verifySizes()
    let returned = Set(results.map(\.value))
    for index in values.indices {
      try verifyType(index)
      try verifyPlace(index, isResult: returned.contains(index))
    }
    try verifyResults()
    try verifyCaches()
    try verifySlots()
    try verifyArena()
  }

  private func failure(_ index: Int, _ expected: String, _ found: String) -> PlanError {
    PlanError(
      value: "%\(values[index].name) = \(values[index].op.mnemonic)", expected: expected, found: found)
  }

  private func verifySizes() throws(PlanError) {
    for (name, count) in [("values", values.count), ("results", results.count)] where count > Self.mostValues
    {
      throw PlanError(value: name, expected: "at most \(Self.mostValues)", found: "\(count)")
    }
    for limit in limits where !(1...Self.largestRows).contains(limit.value) {
      throw PlanError(
        value: "limit \(limit.symbol)", expected: "1 to \(Self.largestRows)", found: "\(limit.value)")
    }
    guard (1...Self.largestContext).contains(contextLength) else {
      throw PlanError(value: "context", expected: "1 to \(Self.largestContext)", found: "\(contextLength)")
    }
    guard cacheType == .f32 || cacheType == .bf16 else {
      throw PlanError(value: "cache", expected: "f32 or bf16", found: "\(cacheType)")
    }
    for (name, size) in [("arena", arenaByteCount), ("slot", slotByteCount)]
    where !(0...Self.largestBlock).contains(size) {
      throw PlanError(value: name, expected: "at most \(Self.largestBlock) bytes", found: "\(size)")
    }
  }

  private func verifyType(_ index: Int) throws(PlanError) {
    let value = values[index]
    guard value.inputs.allSatisfy({ $0 < index }) else {
      throw failure(index, "operands before it", "a later one")
    }
    guard value.inputs.count <= Self.mostOperands else {
      throw failure(index, "at most \(Self.mostOperands) operands", "\(value.inputs.count)")
    }
    guard value.type.rank <= 2, value.type.shape.allSatisfy({ $0.fixed ?? 1 <= Self.largestDimension }) else {
      throw failure(index, "at most 2 dimensions of at most \(Self.largestDimension)", "\(value.type)")
    }
    let expected: TensorType?
    do { expected = try value.op.resultType(of: value.inputs.map { values[$0].type }) } catch {
      throw failure(index, error.expected, error.found)
    }
    if let expected, expected != value.type {
      throw failure(index, "a result of \(expected)", "\(value.type)")
    }
    guard byteCount(value.type) != nil else {
      throw failure(index, "sizes of known symbols", "\(value.type)")
    }
    if case .ropeTable(let rope) = value.op, rope.width > Self.largestRotation {
      throw failure(index, "a width of at most \(Self.largestRotation)", "\(rope.width)")
    }
  }

  private func verifyPlace(_ index: Int, isResult: Bool) throws(PlanError) {
    let value = values[index]
    switch value.place {
    case .constant:
      guard case .weight = value.op, value.type.byteCount() != nil,
        value.type.dtype.isFloat || value.type.dtype == .bool
          || value.type.dtype.packedFormat != nil && value.type.rank == 2
      else {
        throw failure(
          index, "a weight of numbers or masks, of fixed size, among the constants", "\(value.type)")
      }
    case .call:
      guard case .input(let name) = value.op, value.name == name,
        value.type == TensorType(.i32, [.symbol(name == "logit_rows" ? "R" : "T")])
          && ["tokens", "positions", "logit_rows"].contains(name) || isFloatRows(value.type)
      else {
        throw failure(
          index, "tokens i32[T], positions i32[T], logit_rows i32[R] or rows of floats", "\(value.type)")
      }
    case .slot(let offset):
      guard set.contains(index), value.op.isElementwise || value.op.ownBindingTime == .set,
        value.inputs.allSatisfy({ $0 < step.lowerBound && values[$0].place != .call }),
        value.type.rank <= 1, [.f32, .bool].contains(value.type.dtype), let count = byteCount(value.type),
        offset % bufferAlignment == 0, offset <= slotByteCount, count <= slotByteCount - offset
      else {
        throw failure(
          index, "a vector inside the slot's \(slotByteCount) bytes", "\(value.type) @slot+\(offset)")
      }
    case .arena(let offset):
      try verifyRows(index)
      guard let count = byteCount(value.type), offset % bufferAlignment == 0, offset <= arenaByteCount,
        count <= arenaByteCount - offset
      else {
        throw failure(index, "bytes inside the arena's \(arenaByteCount)", "\(value.type) @arena+\(offset)")
      }
    case .view:
      try verifyRows(index)
      guard case .slice = value.op,
        step.contains(value.inputs[0]) || values[value.inputs[0]].place == .call
      else { throw failure(index, "a slice of a step's value", value.op.mnemonic) }
    case .over(let operand):
      try verifyRows(index)
      guard value.op.overwritableOperands(count: value.inputs.count).contains(operand) else {
        throw failure(index, "an operand that it can overwrite", "operand \(operand)")
      }
    case .result:
      try verifyRows(index)
      guard isResult else { throw failure(index, "a result", "a value that is not returned") }
      guard value.type.dtype == .f32, let count = byteCount(value.type), count <= Self.largestBlock else {
        throw failure(index, "f32 of at most \(Self.largestBlock) bytes", "\(value.type)")
      }
    }
  }

  /// Whether a value is `f32[T,W]` or `f32[R,W]`, of a size that fits a block.
  private func isFloatRows(_ type: TensorType) -> Bool {
    type.dtype == .f32 && type.rank == 2 && [.symbol("T"), .symbol("R")].contains(type.shape[0])
      && type.shape[1].fixed != nil && byteCount(type).map { $0 <= Self.largestBlock } == true
  }

  private func verifyRows(_ index: Int) throws(PlanError) {
    let value = values[index]
    // Masks lie as f32, and only elementwise kernels and epilogues read them.
    let isMask = value.type.dtype == .bool && value.op.isElementwise
    guard step.contains(index), value.type.dtype == .f32 || isMask, value.type.rank == 2,
      case .symbol = value.type.shape[0], value.type.shape[1].fixed != nil
    else { throw failure(index, "rows of a fixed width in the step", "\(value.type)") }
    // The engine checks each input against its own range, and knows one place for each.
    func verifyInput(_ operand: Int, _ name: String) throws(PlanError) {
      let input = values[value.inputs[operand]]
      guard input.place == .call, input.name == name else {
        throw failure(index, "%\(name) as operand \(operand)", "%\(input.name)")
      }
    }
    switch value.op {
    case .unary, .binary, .select, .affine, .fused, .linear, .linearEpilogue, .rmsNorm, .layerNorm, .rope:
      break
    case .slice: if value.place != .view { throw failure(index, "@view", "a place of its own") }
    case .ropeTable: try verifyInput(0, "positions")
    case .embedding: try verifyInput(1, "tokens")
    case .takeRows:
      try verifyInput(1, "logit_rows")
      let source = values[value.inputs[0]].type
      guard source.shape[0] == .symbol("T") else { throw failure(index, "rows T to take from", "\(source)") }
    case .attention:
      if value.type.shape[0] != .symbol("T") { throw failure(index, "rows T", "\(value.type)") }
    case .input, .weight, .mapParameter, .constant, .dial, .scaleRows, .scaleColumns, .matvec, .concat, .cast,
      .pack:
      throw failure(index, "an op of a step", value.op.mnemonic)
    }
  }

  /// The smallest table of embeddings, which bounds the token ids; nil where the plan embeds nothing.
  package var vocabularySize: Int? {
    values.compactMap { value in
      if case .embedding = value.op { values[value.inputs[0]].type.shape[0].fixed } else { nil }
    }.min()
  }

  private func verifyResults() throws(PlanError) {
    guard !results.isEmpty, Set(results.map(\.name)).count == results.count else {
      throw PlanError(
        value: "return", expected: "results with names of their own", found: "\(results.map(\.name))")
    }
    for result in results where values[result.value].place != .result {
      throw failure(result.value, "@result for what is returned", "another place")
    }
  }

  private func verifyCaches() throws(PlanError) {
    var columns = 0
    for (index, attention) in caches.enumerated() {
      guard attention.cache == index else {
        throw PlanError(
          value: "attention", expected: "caches 0, 1, 2, … once each", found: "\(attention.cache)")
      }
      columns += 2 * attention.keyValueHeads * attention.headWidth
    }
    guard columns <= Self.largestBlock / contextLength else {
      throw PlanError(
        value: "context", expected: "at most \(Self.largestBlock) cached values",
        found: "\(columns) for each of \(contextLength) tokens")
    }
  }

  /// Checks that set-time values have bytes of their own and that dials have names.
  private func verifySlots() throws(PlanError) {
    guard Set(dials).count == dials.count else {
      throw PlanError(value: "set", expected: "dials with names of their own", found: "\(dials)")
    }
    let placed = set.compactMap { index in
      if case .slot(let offset) = values[index].place { (index: index, offset: offset) } else { nil }
    }.sorted { ($0.offset, $0.index) < ($1.offset, $1.index) }
    for (one, next) in zip(placed, placed.dropFirst())
    where one.offset + (byteCount(values[one.index].type) ?? 0) > next.offset {
      throw failure(next.index, "bytes of its own", "those of %\(values[one.index].name)")
    }
  }

  /// Checks that no buffer's bytes are reused while another value still needs them.
  private func verifyArena() throws(PlanError) {
    let buffers = buffers()
    let offsets = buffers.values.map { index in
      if case .arena(let offset) = values[index].place { offset } else { 0 }
    }
    let layout = ArenaLayout(offsets: offsets, byteCount: arenaByteCount)
    if let (a, b) = layout.firstOverlap(buffers.lifetimes) {
      throw failure(buffers.values[b], "bytes of its own", "those of %\(values[buffers.values[a]].name)")
    }
    let bound = ActPlan.arenaBound(buffers.lifetimes)
    guard arenaBound == bound else {
      throw PlanError(value: "bound", expected: "\(bound)", found: "\(arenaBound)")
    }

    let last = lastReads(throughViews: false)
    var map = BufferMap(self)
    for index in step {
      if case .over(let operand) = values[index].place, !mayWrite(index, over: operand, map, last) {
        throw failure(
          index, "an operand in the arena that nothing reads later",
          "%\(values[values[index].inputs[operand]].name)")
      }
      map.add(index, of: self)
    }
  }
}
