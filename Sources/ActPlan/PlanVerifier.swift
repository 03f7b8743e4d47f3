import ActErrors
import ActIR

/// The reason why a plan is not safe to run: the value, what was expected of it and what was found.
package struct PlanError: ToolError, Hashable {
  package var value: String
  package var expected: String
  package var found: String

  package var exitStatus: ExitStatus { .badFile }
  package var description: String { "\(value): expected \(expected), found \(found)" }
}

extension Plan {
  // Limits of a plan. Beyond them it is damaged, and sums of products of sizes might overflow.
  private static let largestRows = 1 << 20
  private static let largestContext = 1 << 24
  private static let largestDimension = 1 << 24
  private static let largestRotation = 1 << 12
  static let largestBlock = 1 << 40
  private static let mostValues = 1 << 15
  private static let mostOperands = 64
  private static let symbols = ["B", "P", "R", "S", "T"]

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
    try verifyWires()
    try verifyCaches()
    try verifySlots()
    try verifyKept()
    try verifyArena()
  }

  func failure(_ index: Int, _ expected: String, _ found: String) -> PlanError {
    PlanError(
      value: "%\(values[index].name) = \(values[index].op.mnemonic)", expected: expected, found: found)
  }

  private func verifySizes() throws(PlanError) {
    for (name, count) in [("values", values.count), ("results", results.count)] where count > Self.mostValues
    {
      throw PlanError(value: name, expected: "at most \(Self.mostValues)", found: "\(count)")
    }
    for limit in limits {
      let parts = RowKind.parts(of: limit.symbol)
      guard Self.symbols.contains(limit.symbol) || parts != nil else {
        throw PlanError(
          value: "limit \(limit.symbol)", expected: "a limit of \(Self.symbols.joined(separator: ", "))",
          found: limit.symbol)
      }
      let largest = limit.symbol == "S" ? Self.largestContext : Self.largestRows
      guard (1...largest).contains(limit.value) else {
        throw PlanError(value: "limit \(limit.symbol)", expected: "1 to \(largest)", found: "\(limit.value)")
      }
      guard let parts, parts.count > 1 else { continue }
      let sum = parts.reduce(0) { $0 + (mostRows(of: $1) ?? Self.largestBlock) }
      guard limit.value == sum else {
        throw PlanError(
          value: "limit \(limit.symbol)", expected: "what those of its parts allow", found: "\(limit.value)")
      }
    }
    guard (1...Self.largestContext).contains(contextLength) else {
      throw PlanError(value: "context", expected: "1 to \(Self.largestContext)", found: "\(contextLength)")
    }
    for (name, size) in [("arena", arenaByteCount), ("slot", slotByteCount), ("prompt", promptByteCount)]
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
    guard value.type.rank <= TensorType.maximumRank,
      value.type.shape.allSatisfy({ $0.fixed ?? 1 <= Self.largestDimension })
    else {
      throw failure(
        index, "at most \(TensorType.maximumRank) dimensions of at most \(Self.largestDimension)",
        "\(value.type)")
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
    let frequencies: Int? =
      switch value.op {
      case .ropeTable(let rope): rope.width
      case .sinusoids(let sinusoids): sinusoids.width
      default: nil
      }
    if let frequencies, frequencies > Self.largestRotation {
      throw failure(index, "a width of at most \(Self.largestRotation)", "\(frequencies)")
    }
  }

  private func verifyPlace(_ index: Int, isResult: Bool) throws(PlanError) {
    let value = values[index]
    if prompt.contains(index) { try verifyPrompt(index) }
    switch value.place {
    case .constant:
      guard case .weight = value.op, value.type.byteCount() != nil,
        value.type.dtype.isFloat || value.type.dtype == .bool
          || value.type.dtype.packedFormat != nil && (2...3).contains(value.type.rank)
      else {
        throw failure(
          index, "a weight of numbers or masks, of fixed size, among the constants", "\(value.type)")
      }
    case .call:
      guard case .input(let name, let role, let time) = value.op, value.name == name else {
        throw failure(index, "an input of its own name", "%\(value.name)")
      }
      try verifyInput(index, role, time)
    case .slot(let offset):
      guard set.contains(index), value.op.traits.programs.contains(.set),
        value.inputs.allSatisfy({ $0 < ofCall.lowerBound && values[$0].place != .call }),
        [.f32, .bool].contains(value.type.dtype), let count = value.type.byteCount(),
        offset % bufferAlignment == 0, offset <= slotByteCount, count <= slotByteCount - offset
      else {
        throw failure(
          index, "a value inside the slot's \(slotByteCount) bytes", "\(value.type) @slot+\(offset)")
      }
    case .prompt(let offset):
      try verifyRows(index)
      guard prompt.contains(index), let count = byteCount(value.type), offset % bufferAlignment == 0,
        offset <= promptByteCount, count <= promptByteCount - offset
      else {
        throw failure(
          index, "bytes inside the prompt's \(promptByteCount)", "\(value.type) @prompt+\(offset)")
      }
    case .arena(let offset):
      try verifyRows(index)
      guard let count = byteCount(value.type), offset % bufferAlignment == 0, offset <= arenaByteCount,
        count <= arenaByteCount - offset
      else {
        throw failure(index, "bytes inside the arena's \(arenaByteCount)", "\(value.type) @arena+\(offset)")
      }
    case .cache:
      guard step.contains(index), case .kvAppend = value.op,
        values[value.inputs[0]].type.shape.first == .symbol("T"), values[value.inputs[0]].type.rank == 2
      else { throw failure(index, "keys and values of rows T", "\(value.type)") }
    case .view:
      try verifyRows(index)
      if case .takeRows = value.op {
        try verifyEntryView(index)
      } else {
        guard value.op.traits.flags.contains(.view),
          ofCall.contains(value.inputs[0]) || values[value.inputs[0]].place == .call
        else { throw failure(index, "a slice or another shape of a step's value", value.op.mnemonic) }
      }
    case .over(let operand):
      try verifyRows(index)
      guard value.op.traits.overwritable.indices(of: value.inputs.count).contains(operand) else {
        throw failure(index, "an operand that it can overwrite", "operand \(operand)")
      }
    case .result:
      try verifyRows(index)
      guard isResult else { throw failure(index, "a result", "a value that is not returned") }
      guard step.contains(index) else { throw failure(index, "a result of the step", "one of the prompt") }
      guard value.type.dtype == .f32, let count = byteCount(value.type), count <= Self.largestBlock else {
        throw failure(index, "f32 of at most \(Self.largestBlock) bytes", "\(value.type)")
      }
    }
  }

  /// Whether a value is rows of floats, of a size that fits a block.
  private func isFloatRows(_ type: TensorType) -> Bool {
    type.dtype == .f32 && type.isRows && byteCount(type).map { $0 <= Self.largestBlock } == true
  }

  private func verifyRows(_ index: Int) throws(PlanError) {
    let value = values[index]
    if case .kvAppend = value.op { throw failure(index, "@cache", "another place") }
    if case .kvPack = value.op {
      try verifyPackedRows(index)
    }
    // Masks lie as f32, and only elementwise kernels and epilogues read them.
    let isMask = value.type.dtype == .bool && value.op.isElementwise
    let isOwnType =
      switch value.op {
      case .kvPack, .choose: true
      default: false
      }
    guard ofCall.contains(index), value.type.dtype == .f32 || isMask || isOwnType, value.type.isRows else {
      throw failure(index, "rows of fixed sizes in the step", "\(value.type)")
    }
    guard value.op.traits.programs.contains(.step) else {
      throw failure(index, "an op of a step", value.op.mnemonic)
    }
    try verifyRowCount(index)
    // Kernels stream a matrix as the plan's file has it.
    if let operand = value.op.traits.matrixOperand, values[value.inputs[operand]].place != .constant {
      throw failure(
        index, "a constant as operand \(operand)", "%\(values[value.inputs[operand]].name)")
    }
    // Operands are repeated over sizes that must be known: none varies with the call but by the same symbol.
    for input in value.inputs where values[input].type.dtype != .i32 {
      let shape = values[input].type.shape
      if case .symbol? = shape.first { continue }
      guard values[input].type.byteCount() != nil else {
        throw failure(index, "operands of fixed sizes but for the first", "\(values[input].type)")
      }
    }
    if let operand = value.op.traits.indexOperand { try verifyIndex(operand, of: index) }
    switch value.op {
    case .attention(let attention): try verifyAttention(index, attention)
    case .takeChannels: try verifyChoice(1, of: index, among: values[value.inputs[0]].type.shape[1])
    case .expertLinear: try verifyChoice(2, of: index, among: values[value.inputs[1]].type.shape[0])
    case .interpolate:
      guard values[value.inputs[1]].type.fixedCount != nil else {
        throw failure(index, "tables of fixed sizes", "\(values[value.inputs[1]].type)")
      }
    case .concat:
      // A copy knows nothing of slots.
      if let input = value.inputs.first(where: set.contains) {
        throw failure(index, "operands that follow no dial", "%\(values[input].name)")
      }
    default: break
    }
  }

  /// Checks that kernels, which count rows in 32 bits, can count those of a value.
  func verifyRowCount(_ index: Int) throws(PlanError) {
    let type = values[index].type
    guard let bytes = TensorType(.f32, type.shape.dropLast()).byteCount(limit), bytes / 4 <= Int(Int32.max)
    else { throw failure(index, "at most \(Int32.max) rows", "\(type)") }
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
    let numbers = values.compactMap { if case .kvAppend(_, let cache) = $0.op { cache } else { nil } }
      .sorted()
    for (index, number) in numbers.enumerated() where number != index {
      throw PlanError(value: "kv_append", expected: "caches 0, 1, 2, … once each", found: "\(number)")
    }
    let bytes = cacheByteCount(capacity: contextLength)
    guard let bytes, bytes <= Self.largestBlock else {
      throw PlanError(
        value: "context", expected: "at most \(Self.largestBlock) bytes of keys and values for a sequence",
        found: "\(bytes.map(String.init) ?? "more") for one of \(contextLength) tokens")
    }
  }

  /// Checks that set-time values have bytes of their own and that dials have names.
  private func verifySlots() throws(PlanError) {
    guard Set(dials).count == dials.count else {
      throw PlanError(value: "set", expected: "dials with names of their own", found: "\(dials)")
    }
    let bounds = values.compactMap { value -> String? in
      guard case .gateBound(let gate, let end) = value.op else { return nil }
      return "\(gate.map) by \(gate.score), \(end.rawValue)"
    }
    guard Set(bounds).count == bounds.count else {
      throw PlanError(value: "set", expected: "one bound at each end of a gate", found: "\(bounds)")
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
    for index in ofCall {
      if step.contains(index), let input = values[index].inputs.first(where: { !isKept($0, map) }) {
        throw failure(index, "what is kept of the prompt", "%\(values[input].name)")
      }
      if case .over(let operand) = values[index].place, !mayWrite(index, over: operand, map, last) {
        throw failure(
          index, "an operand in the arena that nothing reads later",
          "%\(values[values[index].inputs[operand]].name)")
      }
      if values[index].op.traits.flags.contains(.contiguous),
        let input = values[index].inputs.first(where: { map.isStrided[$0] })
      {
        throw failure(index, "operands without gaps between their rows", "%\(values[input].name)")
      }
      map.add(index, of: self)
    }
  }
}
