import ActIR
import ActKernels
import ActLowering
import Glibc

/// One token of a call: which, where in which sequence, and under which strengths.
public struct Row: Hashable, Sendable {
  public var token: Int32
  /// Counted from 0 at the start of the sequence.
  public var position: Int32
  /// A sequence opened with ``Engine/openSequence(capacity:)``.
  public var sequence: Int32
  /// The slot whose strengths apply; 0 is the bare model.
  public var slot: Int32

  public init(token: Int32, position: Int32, sequence: Int32, slot: Int32 = 0) {
    self.token = token
    self.position = position
    self.sequence = sequence
    self.slot = slot
  }
}

/// Runs a plan: rows in, results out, with the caches of open sequences and the strengths of each slot.
///
/// A step takes rows of any sequences in any order. A row's result depends on its own sequence and slot only, bit for
/// bit. A step allocates nothing.
public final class Engine {
  public let plan: Plan
  let pool: ThreadPool
  /// The most rows of a step.
  public let maximumRows: Int
  /// The most sequences that may be open at once.
  public let maximumSequences: Int
  /// How many sets of strengths there are, slot 0 included.
  public let maximumSlots: Int
  /// How many workers share a kernel.
  public var threads: Int { pool.threads }

  /// The kernels in use: `avx512`, `avx2`, …
  public static var instructionSet: String { String(cString: act_isa_name()) }

  private let arguments = TaskArguments()
  private let arena: Block
  private let slotBlock: Block
  private var resultBlocks: [(name: String, type: TensorType, block: Block)] = []
  private let scratch: Block
  private var setTasks: [KernelTask] = []
  private var stepTasks: [KernelTask] = []
  /// The sites whose values the step computes: where each lies, once that many tasks have run.
  private var observable: [(site: String, taskCount: Int, location: Location)] = []
  private var dials: [(name: String, offset: Int)] = []
  /// Slots from here on hold no values yet.
  private var usedSlots = 1

  // The rows of the current call, at addresses that the tasks know.
  private let tokens, positions, sequences, slots, logitRows, logitSlots: UnsafeMutablePointer<Int32>
  private let caches: SequenceCaches
  private let vocabularySize: Int
  /// Keeps the weights' memory mapped.
  private let owner: AnyObject?

  /// Binds a plan to its weights.
  ///
  /// - Parameters:
  ///   - plan: a plan that is verified.
  ///   - owner: keeps the tensors' memory.
  ///   - threads: workers; nil: one for each processor that the process may use.
  ///   - maximumSequences: how many sequences may be open at once.
  ///   - maximumSlots: how many sets of strengths may be in use at once, with the bare slot 0.
  ///   - constants: the address of each of the plan's tensors, by name; valid as long as `owner` lives.
  public init(
    plan: Plan, owner: AnyObject?, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 2,
    constants: (String) throws -> UnsafeRawPointer
  ) throws {
    if let error = act_isa_error() { throw EngineError(String(cString: error)) }
    self.plan = plan
    self.owner = owner
    self.maximumSequences = maximumSequences
    self.maximumSlots = maximumSlots
    pool = ThreadPool(threads: threads)
    maximumRows = plan.limit("T") ?? 1
    vocabularySize = plan.vocabularySize ?? Int(Int32.max)
    let maximumLogitRows = plan.limit("R") ?? 1
    arena = try Block(byteCount: plan.arenaByteCount)
    slotBlock = try Block(byteCount: plan.slotByteCount * maximumSlots)
    tokens = arguments.allocate(Int32.self, count: maximumRows)
    positions = arguments.allocate(Int32.self, count: maximumRows)
    sequences = arguments.allocate(Int32.self, count: maximumRows)
    slots = arguments.allocate(Int32.self, count: maximumRows)
    logitRows = arguments.allocate(Int32.self, count: maximumLogitRows)
    logitSlots = arguments.allocate(Int32.self, count: maximumLogitRows)
    caches = SequenceCaches(plan.caches, maximumSequences: maximumSequences, arguments: arguments)

    let scratchSizes = plan.caches.map {
      act_attention_scratch(
        Int32(plan.contextLength), Int32($0.heads), Int32($0.keyValueHeads), Int32($0.headWidth))
    }
    let scratchPerWorker = Int(scratchSizes.max() ?? 0)
    scratch = try Block(byteCount: scratchPerWorker * pool.threads * 4)

    var binder = Binder(arguments: arguments)
    binder.context = StepContext(
      slots: ["T": slots, "R": logitSlots], sequences: sequences, positions: positions, keys: caches.keys,
      values: caches.values, scratch: scratch.base.assumingMemoryBound(to: Float.self),
      scratchPerWorker: scratchPerWorker)
    try bind(binder, constants)
    try setStrengths([:], slot: 0)
  }

  private func bind(_ binder: Binder, _ constants: (String) throws -> UnsafeRawPointer) throws {
    // Where each value lies as the step sees it; and, of set-time values, as the set program does, a row a slot.
    var locations: [Location] = []
    let slotStride = plan.slotByteCount / 4
    for (index, value) in plan.values.enumerated() {
      let location: Location
      switch value.place {
      case .constant:
        guard case .weight(let name) = value.op else { preconditionFailure("verified") }
        location = Location(UnsafeMutableRawPointer(mutating: try constants(name)), value.type)
      case .call:
        let base = value.name == "tokens" ? tokens : value.name == "positions" ? positions : logitRows
        location = Location(base, value.type)
      case .slot(let offset):
        var slot = Location(slotBlock.base + offset, value.type)
        slot.slotStride = slotStride
        location = slot
        if case .dial(let name, _) = value.op { dials.append((name, offset)) }
      case .arena(let offset): location = Location(arena.base + offset, value.type)
      case .view:
        guard case .slice(let start, let count) = value.op else { preconditionFailure("verified") }
        var view = locations[value.inputs[0]]
        view.base += start * 4
        view.columns = count
        location = view
      case .over(let operand): location = locations[value.inputs[operand]]
      case .result:
        let block = try Block(byteCount: resultByteCount(value.type))
        location = Location(block.base, value.type)
        for result in plan.results where result.value == index {
          resultBlocks.append((result.name, value.type, block))
        }
      }
      locations.append(location)
    }
    for index in plan.set {
      let value = plan.values[index]
      setTasks += binder.tasks(value.op, value.inputs.map { locations[$0].asSlotRows }, out: locations[index].asSlotRows)
    }
    for index in plan.step {
      let value = plan.values[index]
      stepTasks += binder.tasks(value.op, value.inputs.map { locations[$0] }, out: locations[index])
      if let site = value.site { observable.append((site, stepTasks.count, locations[index])) }
    }
  }

  private func resultByteCount(_ type: TensorType) -> Int {
    type.shape.reduce(4) { bytes, dim in
      switch dim {
      case .fixed(let size): bytes * size
      case .symbol(let symbol): bytes * (plan.limit(symbol) ?? 0)
      }
    }
  }

  // MARK: Strengths

  /// Sets the strengths of a slot; maps that are not named are off. Runs the set-time program and nothing else.
  public func setStrengths(_ strengths: [String: Float], slot: Int) throws {
    guard (0..<maximumSlots).contains(slot) else { throw EngineError("slot \(slot) of \(maximumSlots)") }
    for name in strengths.keys.sorted() where !dials.contains(where: { $0.name == name }) {
      let known = dials.isEmpty ? "the plan has no dials" : "dials: " + dials.map(\.name).joined(separator: ", ")
      throw EngineError("no dial `\(name)`; \(known)")
    }
    if slot == 0, strengths.values.contains(where: { $0 != 0 }) { throw EngineError("slot 0 is the bare model") }
    for (name, offset) in dials {
      let address = slotBlock.base + slot * plan.slotByteCount + offset
      address.assumingMemoryBound(to: Float.self).pointee = strengths[name] ?? 0
    }
    usedSlots = max(usedSlots, slot + 1)
    let rows = Int32(usedSlots)
    run(setTasks) { _ in rows }
  }

  // MARK: Sequences

  /// Opens a sequence of at most `capacity` tokens; memory is used as it grows.
  public func openSequence(capacity: Int) throws -> Int32 {
    guard capacity <= plan.contextLength else {
      throw EngineError("a sequence of \(capacity) tokens; the plan's context is \(plan.contextLength)")
    }
    return try caches.open(capacity: max(1, capacity))
  }

  public func closeSequence(_ sequence: Int32) { caches.close(sequence) }

  // MARK: Steps

  /// Runs one step over `rows`; `logitRows` names the rows whose logits are wanted.
  ///
  /// Inlinable, so that the collections' types are known where it is called and walking them allocates nothing.
  @inlinable
  public func step(_ rows: some Collection<Row>, logitRows wanted: some Collection<Int32>) throws {
    let (rowCount, logitCount) = (rows.count, wanted.count)
    try checkCounts(rows: rowCount, logitRows: logitCount)
    var index = 0
    for row in rows {
      try place(row, at: index)
      index += 1
    }
    index = 0
    for row in wanted {
      try placeLogits(of: row, at: index, rowCount: rowCount)
      index += 1
    }
    runStep(rows: rowCount, logitRows: logitCount)
  }

  @usableFromInline
  func checkCounts(rows: Int, logitRows: Int) throws {
    guard (1...maximumRows).contains(rows) else {
      throw EngineError("\(rows) rows in a step; the plan holds 1 to \(maximumRows)")
    }
    guard logitRows <= plan.limit("R") ?? 1 else { throw EngineError("\(logitRows) rows of logits") }
  }

  @usableFromInline
  func place(_ row: Row, at index: Int) throws {
    guard row.token >= 0, Int(row.token) < vocabularySize else {
      throw EngineError("token \(row.token); the model has tokens 0 to \(vocabularySize - 1)")
    }
    guard row.slot >= 0, Int(row.slot) < usedSlots else {
      throw EngineError("slot \(row.slot); strengths are set for 0 to \(usedSlots - 1)")
    }
    try caches.check(row)
    tokens[index] = row.token
    positions[index] = row.position
    sequences[index] = row.sequence
    slots[index] = row.slot
  }

  @usableFromInline
  func placeLogits(of row: Int32, at index: Int, rowCount: Int) throws {
    guard row >= 0, Int(row) < rowCount else { throw EngineError("logits of row \(row) of \(rowCount)") }
    logitRows[index] = row
    logitSlots[index] = slots[Int(row)]
  }

  @usableFromInline
  func runStep(rows: Int, logitRows: Int) {
    let (rowCount, logitCount) = (Int32(rows), Int32(logitRows))
    run(stepTasks) { $0 == "T" ? rowCount : logitCount }
  }

  /// The sites whose values the step computes, in order; others were fused away.
  public var observableSites: [String] { observable.map(\.site) }

  /// Runs one step, and hands out the values at `sites` as their readers see them: rows in order, `width` values each.
  public func step(
    _ rows: [Row], logitRows wanted: [Int32], observing sites: Set<String>,
    receive: (_ site: String, _ values: [Float], _ width: Int) -> Void
  ) throws {
    try checkCounts(rows: rows.count, logitRows: wanted.count)
    for (index, row) in rows.enumerated() { try place(row, at: index) }
    for (index, row) in wanted.enumerated() { try placeLogits(of: row, at: index, rowCount: rows.count) }
    func count(_ symbol: String) -> Int32 { Int32(symbol == "T" ? rows.count : wanted.count) }
    var done = 0
    for (site, taskCount, location) in observable where sites.contains(site) {
      run(stepTasks[done..<taskCount], count)
      done = taskCount
      guard case .symbol(let symbol)? = location.rows else { continue }
      var values: [Float] = []
      for row in 0..<Int(count(symbol)) {
        let start = location.floats + row * location.rowStride
        values += UnsafeBufferPointer(start: start, count: location.columns)
      }
      receive(site, values, location.columns)
    }
    run(stepTasks[done...], count)
  }

  private func run(_ tasks: some Sequence<KernelTask>, _ count: (String) -> Int32) {
    for task in tasks {
      if let rows = task.rows {
        let count = count(task.symbol)
        // Nothing to do where no logits are wanted.
        if count == 0 { continue }
        rows.pointee = count
      }
      pool.run(task.function, UnsafeRawPointer(task.arguments))
    }
  }

  /// A result of the last step: `[rows, columns]`, valid until the next.
  public func result(_ name: String) -> UnsafePointer<Float>? {
    resultBlocks.first { $0.name == name }.map { UnsafePointer($0.block.base.assumingMemoryBound(to: Float.self)) }
  }
}

extension Location {
  /// A set-time value as a matrix with a row a slot; other values as they are.
  fileprivate var asSlotRows: Location {
    guard slotStride > 0 else { return self }
    var matrix = self
    matrix.rows = .symbol("slots")
    matrix.rowStride = slotStride
    matrix.slotStride = 0
    return matrix
  }
}
