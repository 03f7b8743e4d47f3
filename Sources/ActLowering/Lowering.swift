import ActIR
import ActPlan

/// Options of lowering a graph to a plan.
package struct LoweringOptions: Sendable {
  /// The most rows (tokens, of all sequences) of one call.
  package var maximumRows = 512
  /// The longest sequence, in tokens.
  package var contextLength = 2048
  /// The element type of cached keys and values: f32 or bf16.
  package var cacheType = DType.f32
  /// Whether buffers share bytes of the arena and are written in place. If false, each value has bytes of its own.
  package var sharesArena = true

  package init() {}
}

/// The reason why a graph cannot be lowered.
package struct LoweringError: Error, Hashable, CustomStringConvertible {
  package var description: String
}

/// Cuts a graph by binding time into what runs at compile time and a plan that ``Plan/verify()`` accepts.
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
  /// Index in the plan of a value that set or step programs read.
  var planned: [ValueID: Int] = [:]

  init(graph: Graph, options: LoweringOptions) {
    self.graph = graph
    self.options = options
    times = graph.bindingTimes()
    order = graph.order
    plan = Plan(name: graph.name)
  }

  mutating func run() throws -> (CompileProgram, Plan) {
    plan.contextLength = options.contextLength
    plan.cacheType = options.cacheType
    for id in graph.inputs {
      guard case .symbol(let symbol)? = graph.type(id).shape.first else {
        throw failure(id, "an input of rows", "\(graph.type(id))")
      }
      if plan.limit(symbol) == nil { plan.limits.append(.init(symbol: symbol, value: options.maximumRows)) }
    }
    addConstants()
    for id in order where graph.inputs.contains(id) { add(id, .call) }
    try addSet()
    try addStep()
    placeStep()
    do { try plan.verify() } catch { throw LoweringError(description: "\(error)") }
    return (compile, plan)
  }

  func failure(_ id: ValueID, _ expected: String, _ found: String) -> LoweringError {
    LoweringError(
      description: "%\(graph[id].name) = \(graph[id].op.mnemonic): expected \(expected), found \(found)")
  }

  private mutating func add(_ id: ValueID, _ place: Plan.Place) {
    let node = graph[id]
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
      guard type.rank <= 1, type.dtype == .f32 || type.dtype == .bool, let count = plan.byteCount(type) else {
        throw failure(
          id, "a scalar or vector where it depends on a dial", "\(type); freeze the dial to fold it")
      }
      add(id, .slot(plan.slotByteCount))
      plan.slotByteCount += aligned(count)
    }
    plan.set = start..<plan.values.count
  }

  private mutating func addStep() throws {
    let start = plan.values.count
    for id in order where times[id.index] == .step && !graph.inputs.contains(id) {
      let type = graph.type(id)
      guard type.rank == 2, case .symbol = type.shape[0], type.shape[1].fixed != nil else {
        throw failure(id, "rows of a fixed width", "\(type)")
      }
      if case .slice = graph[id].op { add(id, .view) } else { add(id, .arena(0)) }
    }
    plan.step = start..<plan.values.count
    for result in graph.results {
      guard let index = planned[result.value], plan.step.contains(index) else {
        throw failure(result.value, "a result computed in the step", "a value known before it")
      }
      guard graph.type(result.value).dtype == .f32 else {
        throw failure(result.value, "a result in f32", "\(graph.type(result.value))")
      }
      plan.results.append(.init(name: result.name, value: index))
      if plan.values[index].place != .view { plan.values[index].place = .result }
    }
    for (index, name) in uniqueNames(plan.values.map(\.name)).enumerated() { plan.values[index].name = name }
  }

  private mutating func placeStep() {
    if options.sharesArena { plan.writeInPlace() }
    let buffers = plan.buffers()
    let layout = options.sharesArena ? planArena(buffers.lifetimes) : planSeparately(buffers.lifetimes)
    for (value, offset) in zip(buffers.values, layout.offsets) { plan.values[value].place = .arena(offset) }
    plan.arenaByteCount = layout.byteCount
    plan.arenaBound = arenaBound(buffers.lifetimes)
  }
}
