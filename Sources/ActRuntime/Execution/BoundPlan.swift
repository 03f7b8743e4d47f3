import ActIR
import ActKernels
import ActPlan

/// A plan with an address for every value: the kernel tasks of its programs, and the memory they work on.
final class BoundPlan {
  private let arguments: TaskArguments
  private let arena: Block
  private let slotBlock: Block
  /// Where the set-time values of a slot are computed, before they take their place.
  private let setBlock: Block
  private let scratch: Block
  private let packedRows: Block
  private let promptBlock: Block
  private let slotByteCount: Int

  private(set) var setTasks: [KernelTask] = []
  private(set) var prompt = BoundProgram()
  private(set) var step = BoundProgram()
  /// What steps read of a prompt, and its inputs.
  private(set) var promptMemory = PromptMemory()
  private(set) var results: [(name: String, block: Block, location: Location)] = []
  /// The inputs, and where they are read.
  private(set) var inputs: [(name: String, role: InputRole, location: Location)] = []
  private var givenBlocks: [Block] = []
  /// The inputs of whole numbers that the caller gives by name, and the others.
  private(set) var givenIntegers: [IntegerInput] = []
  private(set) var integers: [IntegerInput] = []
  /// Keys and values of which each entry has a number of its own, so that they have their places anew in each call.
  private(set) var packed: [PackedKeyValues] = []
  private(set) var dials: [(name: String, offset: Int)] = []
  private(set) var gateBounds: [(gate: Gate, end: GateEnd, offset: Int)] = []

  /// Lays out a verified plan.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - rows: the buffers of the call's rows.
  ///   - caches: where keys and values of sequences lie.
  ///   - threads: how many workers need scratch memory of their own.
  ///   - slots: how many blocks of set-time values there are.
  ///   - arguments: owns the kernels' arguments.
  ///   - arena: memory for the arena that other plans use too, in turn; nil: memory of its own.
  ///   - constants: the address of each of the plan's tensors, by name.
  /// - Throws: `EngineError` where memory cannot be had, and what `constants` throws.
  init(
    _ plan: Plan, rows: RowBuffers, caches: SequenceCaches, threads: Int, slots: Int,
    arguments: TaskArguments, arena: Block?,
    constants: (String) throws -> UnsafeRawPointer
  ) throws {
    precondition(arena.map { $0.byteCount >= plan.arenaByteCount } ?? true)
    self.arguments = arguments
    slotByteCount = plan.slotByteCount
    self.arena = try arena ?? Block(byteCount: plan.arenaByteCount)
    slotBlock = try Block(byteCount: plan.slotByteCount * slots)
    setBlock = try Block(byteCount: plan.slotByteCount)
    let scratchPerWorker = Self.scratchByteCount(plan)
    scratch = try Block(byteCount: scratchPerWorker * threads)
    packedRows = try Block(byteCount: Self.packedRowsByteCount(plan))
    promptBlock = try Block(byteCount: plan.promptByteCount)

    var slotBuffers: [Int: UnsafeMutablePointer<Int32>] = [:]
    for (index, limit) in plan.limits.enumerated() { slotBuffers[index] = rows.slots(of: limit.symbol) }
    var binder = Binder(arguments: arguments)
    binder.context = StepContext(
      slots: slotBuffers, rows: rows, scratch: scratch.base, scratchPerWorker: scratchPerWorker,
      packedRows: packedRows.base)
    let locations = try locate(plan, rows, caches, constants)
    for index in plan.set {
      let value = plan.values[index]
      setTasks += binder.tasks(
        value.op, value.inputs.map { inSetBlock(plan, $0, locations) },
        out: inSetBlock(plan, index, locations))
    }
    prompt = Self.bind(plan.prompt, of: plan, locations, &binder)
    step = Self.bind(plan.step, of: plan, locations, &binder)
  }

  private static func bind(
    _ range: Range<Int>, of plan: Plan, _ locations: [Location], _ binder: inout Binder
  ) -> BoundProgram {
    // Rows that another program has packed are gone when this one runs.
    binder.packed = nil
    var program = BoundProgram()
    for index in range {
      let value = plan.values[index]
      if value.place != .view {
        program.tasks += binder.tasks(value.op, value.inputs.map { locations[$0] }, out: locations[index])
      }
      program.values.append(
        ComputedValue(
          place: place(of: value, plan), site: value.site, taskCount: program.tasks.count,
          location: locations[index]))
    }
    return program
  }

  /// Where a value lies while the set-time values are computed.
  private func inSetBlock(_ plan: Plan, _ index: Int, _ locations: [Location]) -> Location {
    guard case .slot(let offset) = plan.values[index].place else { return locations[index] }
    return Location(setBlock.base + offset, plan.values[index].type)
  }

  /// The site of a value, or its name, with the matrices that it comes from: several layers may be one kernel.
  private static func place(of value: Plan.Value, _ plan: Plan) -> String {
    let matrices = value.inputs.compactMap { input in
      if case .weight(let name) = plan.values[input].op, plan.values[input].type.rank >= 2 {
        name
      } else {
        nil
      }
    }
    let place = value.site ?? value.name
    return matrices.isEmpty ? place : "\(place), of \(matrices.joined(separator: ", "))"
  }

  /// Where each value lies as the step sees it.
  private func locate(
    _ plan: Plan, _ rows: RowBuffers, _ caches: SequenceCaches,
    _ constants: (String) throws -> UnsafeRawPointer
  ) throws -> [Location] {
    var locations: [Location] = []
    func locate(_ base: UnsafeMutableRawPointer, _ type: TensorType) -> Location {
      Location(base, type) { name in plan.limits.firstIndex { $0.symbol == name } }
    }
    for (index, value) in plan.values.enumerated() {
      var location: Location
      switch value.place {
      case .constant:
        guard case .weight(let name) = value.op else { preconditionFailure("verified") }
        location = locate(UnsafeMutableRawPointer(mutating: try constants(name)), value.type)
      case .call:
        guard case .input(_, let role, let time) = value.op else { preconditionFailure("verified") }
        if case .symbol(let symbol)? = value.type.shape.first, let buffer = rows.buffer(of: role, symbol) {
          location = locate(buffer, value.type)
        } else {
          let block = try Block(byteCount: value.type.byteCount(plan.limit) ?? 0)
          location = locate(block.base, value.type)
          givenBlocks.append(block)
          if time == .prompt { promptMemory.add(location) }
        }
        inputs.append((value.name, role, location))
        if value.type.dtype == .i32 {
          let range = plan.bound(ofInput: value.name)
          let input = IntegerInput(
            name: value.name, location: location, limit: range.fixed ?? Int(Int32.max),
            symbols: plan.limits.indices.filter { range.symbols.contains(plan.limits[$0].symbol) })
          if role.isGiven { givenIntegers.append(input) } else { integers.append(input) }
        }
      case .cache:
        guard case .kvAppend(_, let cache) = value.op else { preconditionFailure("verified") }
        location = locate(arena.base, value.type)
        location.keyValues = caches.tables[cache]
      case .slot(let offset):
        location = locate(slotBlock.base + offset, value.type)
        location.slotStride = plan.slotByteCount / 4
        switch value.op {
        case .dial(let name, _): dials.append((name, offset))
        case .gateBound(let gate, let end): gateBounds.append((gate, end, offset))
        default: break
        }
      case .arena(let offset):
        location = locate(arena.base + offset, value.type)
        if case .kvPack(let keyValues) = value.op {
          location.keyValues = pack(keyValues, value, at: location.base, plan).table
        }
      case .prompt(let offset):
        location = locate(promptBlock.base + offset, value.type)
        if case .kvPack(let keyValues) = value.op {
          let kept = pack(keyValues, value, at: location.base, plan)
          location.keyValues = kept.table
          promptMemory.add(kept)
        } else {
          promptMemory.add(location)
        }
      case .view:
        let source = locations[value.inputs[0]]
        location = locate(source.base, value.type)
        switch value.op {
        case .slice(let slice):
          location.base += slice.start * 4
          location.rowStride = source.rowStride
        case .takeRows:
          location.rowStride = source.rowStride
          location.entries = locations[value.inputs[1]].integers
        default: break
        }
      case .over(let operand):
        let source = locations[value.inputs[operand]]
        location = locate(source.base, value.type)
        location.rowStride = source.rowStride
      case .result:
        let block = try Block(byteCount: value.type.byteCount(plan.limit) ?? 0)
        location = locate(block.base, value.type)
        for result in plan.results where result.value == index {
          results.append((result.name, block, location))
        }
      }
      location.value = index
      locations.append(location)
    }
    return locations
  }

  /// Where the entries' keys and values lie: for good where each has the same number of rows.
  private func pack(
    _ keyValues: KeyValues, _ value: Plan.Value, at base: UnsafeMutableRawPointer, _ plan: Plan
  ) -> PackedKeyValues {
    guard let kind = value.type.rowKind else { preconditionFailure("verified") }
    let entries = plan.limit("B") ?? 1
    let rows =
      switch kind {
      case .ragged(let symbol): plan.limit(symbol) ?? 0
      case .fixed(let count): entries * count
      }
    let values = PackedKeyValues(
      keyValues: keyValues, base: base, table: KeyValueTable(entries: entries, ring: nil, in: arguments),
      kind: kind, rows: rows, entries: entries)
    if case .fixed = kind {
      values.place([EntrySize](repeating: EntrySize(), count: entries))
    } else {
      packed.append(values)
    }
    return values
  }

  /// The most that a worker needs for itself in any attention, convolution or layer of experts of a call, a multiple of
  /// 64 bytes.
  private static func scratchByteCount(_ plan: Plan) -> Int {
    let most =
      plan.ofCall.map { index in
        let value = plan.values[index]
        switch value.op {
        case .conv(let windows), .convEpilogue(let windows, _):
          let (x, w) = (plan.values[value.inputs[0]].type, plan.values[value.inputs[1]].type)
          return withUnsafePointer(to: act_windows(windows, x, value.type)) {
            act_conv_scratch(
              w.dtype.kernelType, Int32(x.shape[3].fixed ?? 0), $0, w.makesPairs ? 1 : 0)
          }
        case .expertLinear:
          let w = plan.values[value.inputs[1]].type
          let rows = TensorType(.f32, value.type.shape.dropLast()).byteCount(plan.limit) ?? 0
          return act_expert_scratch(
            w.dtype.kernelType, Int32(rows / 4), Int32(w.shape[0].fixed ?? 0), Int32(w.shape[2].fixed ?? 0))
        default: return value.keyValueWidth.map { act_attention_scratch(Int32($0)) * 4 } ?? 0
        }
      }.max() ?? 0
    return (most + 63) / 64 * 64
  }

  /// The most that any linear layer of a call needs for its rows.
  private static func packedRowsByteCount(_ plan: Plan) -> Int {
    plan.ofCall.map { index in
      switch plan.values[index].op {
      case .linear, .linearEpilogue:
        let x = plan.values[plan.values[index].inputs[0]].type
        let w = plan.values[plan.values[index].inputs[1]].type
        guard case .symbol(let symbol)? = x.shape.first, let k = w.shape[1].fixed else { return 0 }
        let rows = (plan.limit(symbol) ?? 0) * (x.elementsPerSymbol ?? 0) / k
        return act_linear_scratch(w.dtype.kernelType, Int32(rows), Int32(k))
      default: return 0
      }
    }.max() ?? 0
  }

  /// The value of a dial or of a gate's end for the slot that is about to be computed.
  func valueToSet(at offset: Int) -> UnsafeMutablePointer<Float> {
    (setBlock.base + offset).assumingMemoryBound(to: Float.self)
  }

  /// Makes the values that have been computed those of a slot.
  func keepSetValues(slot: Int) {
    (slotBlock.base + slot * slotByteCount).copyMemory(from: setBlock.base, byteCount: slotByteCount)
  }

  /// A dial's value in a slot.
  func dial(at offset: Int, slot: Int) -> UnsafeMutablePointer<Float> {
    (slotBlock.base + slot * slotByteCount + offset).assumingMemoryBound(to: Float.self)
  }
}

extension Plan.Value {
  /// Of keys and values, the channels of a head.
  fileprivate var keyValueWidth: Int? {
    type.dtype.keyValueElement == nil ? nil : type.shape.last?.fixed
  }
}
