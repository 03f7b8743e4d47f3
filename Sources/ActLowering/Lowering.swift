import ActErrors
import ActIR
import ActPlan

/// Options of lowering a graph to a plan.
package struct LoweringOptions: Sendable {
  /// The most rows (tokens, of all sequences) of one call.
  package var maximumRows = 512
  /// The most packed rows of images of one call: those of one of 1024 by 1024 pixels, 16 by 16 to a row.
  package var maximumImageRows = 4096
  /// The most entries (sequences or images) of a call that holds them whole.
  package var maximumEntries = 64
  /// The longest sequence, in tokens.
  package var contextLength = 2048
  /// The element type of cached keys and values: f32 or bf16.
  package var cacheType = DType.f32
  /// Whether buffers share bytes of the arena and are written in place. If false, each value has bytes of its own.
  package var sharesArena = true
  /// Whether what depends on a prompt alone is computed once for its steps. If false, every step computes it.
  package var preparesPrompts = true

  package init() {}
}

/// The reason why a graph cannot be lowered.
package struct LoweringError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .notSupported }
  package var description: String
}

/// Cuts a graph by binding time into what runs at compile time and a plan that `Plan.verify()` accepts.
package func lower(
  _ graph: Graph, _ options: LoweringOptions = LoweringOptions()
) throws -> (compile: CompileProgram, plan: Plan) {
  try graph.verify()
  var lowering = Lowering(graph: graph, options: options)
  return try lowering.run()
}

private struct Lowering {
  let graph: Graph
  let options: LoweringOptions
  let times: [BindingTime]
  let order: [ValueID]
  var plan: Plan
  var compile = CompileProgram()
  /// Index in the plan of a value that later programs read.
  var planned: [ValueID: Int] = [:]

  init(graph: Graph, options: LoweringOptions) {
    self.graph = graph
    self.options = options
    times = graph.scheduledTimes(preparesPrompts: options.preparesPrompts)
    order = graph.order
    plan = Plan(name: graph.name)
  }

  mutating func run() throws -> (CompileProgram, Plan) {
    plan.contextLength = options.contextLength
    for id in graph.inputs {
      guard case .symbol(let symbol)? = graph.type(id).shape.first else {
        throw failure(id, "an input of rows", "\(graph.type(id))")
      }
      addLimit(symbol)
    }
    // Rows of several kinds together are counted by what counts each.
    for id in order {
      if case .symbol(let symbol)? = graph.type(id).shape.first, let parts = RowKind.parts(of: symbol),
        parts.count > 1
      {
        addLimit(symbol)
      }
    }
    // Keys and values of a call's entries lie in blocks, of which each entry's last is not full.
    let packs = order.contains { if case .kvPack = graph[$0].op { true } else { false } }
    if packs { addLimit("B") }
    let caches = order.contains { if case .kvAppend = graph[$0].op { true } else { false } }
    if caches { plan.limits.append(.init(symbol: "S", value: options.contextLength)) }
    addConstants()
    for id in order where graph.inputs.contains(id) { add(id, .call) }
    try addSet()
    try addPrompt()
    try addStep()
    keepPrompt()
    placeRows()
    do { try plan.verify() } catch { throw LoweringError(description: "\(error)") }
    return (compile, plan)
  }

  private mutating func addLimit(_ symbol: String) {
    guard plan.limit(symbol) == nil else { return }
    let value: Int
    switch symbol {
    case "B": value = options.maximumEntries
    case "P": value = options.maximumImageRows
    default:
      let parts = RowKind.parts(of: symbol) ?? []
      guard parts.count > 1 else {
        value = options.maximumRows
        break
      }
      for case .ragged(let symbol) in parts { addLimit(symbol) }
      addLimit("B")
      value = parts.reduce(0) { $0 + (plan.mostRows(of: $1) ?? 0) }
    }
    plan.limits.append(.init(symbol: symbol, value: value))
  }

  func failure(_ id: ValueID, _ expected: String, _ found: String) -> LoweringError {
    LoweringError(
      description: "%\(graph[id].name) = \(graph[id].op.mnemonic): expected \(expected), found \(found)")
  }

  private mutating func add(_ id: ValueID, _ place: Plan.Place) {
    var node = graph[id]
    node.keep(keysAndValuesIn: options.cacheType)
    planned[id] = plan.values.count
    plan.values.append(
      Plan.Value(
        name: node.name, op: node.op, inputs: node.inputs.map { planned[$0]! }, type: node.type,
        site: node.site,
        place: place))
  }

  /// The compile-time values, and those among them that later programs read, which become the plan's tensors.
  private mutating func addConstants() {
    let compileTime = order.filter { times[$0.index] == .compile }
    let results = Set(graph.results.map(\.value))
    let outputs = compileTime.filter { id in
      results.contains(id) || graph.readers(of: id).contains { times[$0.index] > .compile }
    }
    var index: [ValueID: Int] = [:]
    for id in compileTime {
      let node = graph[id]
      index[id] = compile.values.count
      compile.values.append(
        Plan.Value(
          name: node.name, op: node.op, inputs: node.inputs.map { index[$0]! }, type: node.type, site: nil,
          place: .constant))
    }
    let names = uniqueNames(
      outputs.map { id in if case .weight(let name) = graph[id].op { name } else { graph[id].name } })
    for (id, name) in zip(outputs, names) {
      compile.outputs.append((name, index[id]!))
      planned[id] = plan.values.count
      plan.values.append(
        Plan.Value(
          name: graph[id].name, op: .weight(name: name), inputs: [], type: graph[id].type, site: nil,
          place: .constant))
    }
  }

  private mutating func addSet() throws {
    let start = plan.values.count
    for id in order where times[id.index] == .set {
      let type = graph.type(id)
      guard graph[id].op.traits.programs.contains(.set) else {
        throw failure(id, "operands that do not depend on a dial", "one that does; freeze it to fold it")
      }
      guard type.dtype == .f32 || type.dtype == .bool, let count = type.byteCount() else {
        throw failure(id, "numbers or masks of fixed sizes where it depends on a dial", "\(type)")
      }
      add(id, .slot(plan.slotByteCount))
      plan.slotByteCount += aligned(count)
    }
    plan.set = start..<plan.values.count
  }

  private mutating func addPrompt() throws {
    let start = plan.values.count
    try addRows(at: .prompt)
    plan.prompt = start..<plan.values.count
  }

  /// Adds the rows of channels that are known at a time, which depend on a call's inputs.
  private mutating func addRows(at time: BindingTime) throws {
    let results = Set(graph.results.map(\.value))
    for id in order where times[id.index] == time && !graph.inputs.contains(id) {
      let type = graph.type(id)
      let isState = if case .kvAppend = graph[id].op { true } else { false }
      guard type.isRows else { throw failure(id, "rows of fixed sizes", "\(type)") }
      guard graph[id].op.traits.programs.contains(.step) else {
        throw failure(id, "operands known when the plan is compiled", "one of a call")
      }
      if let matrix = graph[id].op.traits.matrixOperand, times[graph[id].inputs[matrix].index] != .compile {
        throw failure(
          id, "a matrix known when the plan is compiled", "one that depends on a dial; freeze it to fold it")
      }
      // What is returned has bytes of its own.
      let isView =
        (graph[id].op.traits.flags.contains(.view) && !isReadWithoutGaps(id) || isReadByEntry(id))
        && !results.contains(id)
      add(id, isState ? .cache : isView ? .view : .arena(0))
    }
  }

  private mutating func addStep() throws {
    let start = plan.values.count
    try addRows(at: .step)
    plan.step = start..<plan.values.count
    for result in graph.results {
      guard let index = planned[result.value], plan.step.contains(index) else {
        throw failure(result.value, "a result computed in the step", "a value known before it")
      }
      guard graph.type(result.value).dtype == .f32 else {
        throw failure(result.value, "a result in f32", "\(graph.type(result.value))")
      }
      plan.results.append(.init(name: result.name, value: index))
      plan.values[index].place = .result
    }
    for (index, name) in uniqueNames(plan.values.map(\.name)).enumerated() { plan.values[index].name = name }
  }

  /// Whether a slice of columns, whose rows have gaps between them as a view, is read where they may have none.
  private func isReadWithoutGaps(_ id: ValueID) -> Bool {
    guard case .slice = graph[id].op else { return false }
    return graph.readers(of: id).contains { reader in
      let flags = graph[reader].op.traits.flags
      return flags.contains(.contiguous) || flags.contains(.view) && isReadWithoutGaps(reader)
    }
  }

  /// Whether a value is a row an entry, taken for each row, and all that read it find the row of the entry themselves.
  private func isReadByEntry(_ id: ValueID) -> Bool {
    guard case .takeRows = graph[id].op, case .input(_, .entry, _) = graph[graph[id].inputs[1]].op,
      graph.type(id).rank == 2, graph[id].site == nil, times[graph[id].inputs[0].index].isOfCall
    else { return false }
    return graph.readers(of: id).allSatisfy { reader in
      let inputs = graph[reader].inputs
      let repeated = graph[reader].op.traits.repeatedOperands(of: inputs.count)
      return inputs.indices.allSatisfy { inputs[$0] != id || repeated.contains($0) }
    }
  }

  private mutating func placeRows() {
    if options.sharesArena { plan.writeInPlace() }
    let buffers = plan.buffers()
    let layout = options.sharesArena ? planArena(buffers.lifetimes) : planSeparately(buffers.lifetimes)
    for (value, offset) in zip(buffers.values, layout.offsets) { plan.values[value].place = .arena(offset) }
    plan.arenaByteCount = layout.byteCount
    plan.arenaBound = arenaBound(buffers.lifetimes)
  }
}

extension Lowering {
  /// Gives what steps read of the prompt bytes of its own, which last from step to step.
  private mutating func keepPrompt() {
    for index in plan.step {
      for input in plan.values[index].inputs {
        var owner = input
        while plan.values[owner].place == .view { owner = plan.values[owner].inputs[0] }
        guard plan.values[owner].place == .arena(0), plan.prompt.contains(owner) else { continue }
        plan.values[owner].place = .prompt(plan.promptByteCount)
        plan.promptByteCount += aligned(plan.byteCount(plan.values[owner].type) ?? 0)
      }
    }
  }
}

extension Graph {
  /// The binding times by which values are computed: what is returned, and what hangs on it, is of the step.
  fileprivate func scheduledTimes(preparesPrompts: Bool) -> [BindingTime] {
    var times = bindingTimes()
    let inputs = Set(inputs)
    for id in order where times[id.index] == .prompt && !inputs.contains(id) {
      let isOfStep =
        !preparesPrompts || isResult(id)
        || self[id].inputs.contains { !inputs.contains($0) && times[$0.index] == .step }
      if isOfStep { times[id.index] = .step }
    }
    return times
  }
}

extension Node {
  /// Makes keys and values, where the node is some, hold elements of `type`.
  fileprivate mutating func keep(keysAndValuesIn type: DType) {
    switch op {
    case .kvAppend(var keyValues, let cache):
      keyValues.element = type
      op = .kvAppend(keyValues, cache: cache)
    case .kvPack(var keyValues):
      keyValues.element = type
      op = .kvPack(keyValues)
    default: return
    }
    self.type.dtype = type == .bf16 ? .kvbf16 : .kvf32
  }
}
