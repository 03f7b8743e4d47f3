import ActIR
import ActKernels
import ActPlan

/// Runs a plan: rows in, results out, with the caches of open sequences and the strengths of each slot.
///
/// A step takes rows of any sequences in any order. A row's result depends on its own sequence and slot only, bit for
/// bit. A step allocates nothing.
package final class Engine {
  package let plan: Plan
  /// The file that the plan is of, for error messages.
  package var path: String?
  let pool: ThreadPool
  /// The most rows of a step.
  package let maximumRows: Int
  /// The most sequences that may be open at once.
  package let maximumSequences: Int
  /// How many slots there are, slot 0 included.
  package let maximumSlots: Int
  /// How many workers share a kernel.
  package var threads: Int { pool.threads }

  /// The kernels in use: `avx512`, `avx2`, …
  package static var instructionSet: String { String(cString: act_isa_name()) }

  let bound: BoundPlan
  let rows: RowBuffers
  let caches: SequenceCaches
  /// The value of each of the plan's symbols in this call, by its place among the limits.
  let counts: UnsafeMutablePointer<Int32>
  let maximumLogitRows: Int
  /// Whether the rows that are chosen where nobody chooses are the last ones of the entries.
  let choosesEndings: Bool
  let vocabularySize: Int
  /// Positions 0 ..< this can be embedded.
  let positionCount: Int
  /// Slots from here on hold no values yet.
  private(set) var usedSlots = 1
  /// Whether what is made of a prompt hangs on a slot.
  package let promptFollowsDials: Bool
  /// How often the values of each slot have been set.
  private(set) var slotVersions: [Int]
  /// What lies in the memory of the prompt, as long as somebody holds it.
  weak var prompt: PromptState?
  /// Keeps the weights' memory mapped.
  private let owner: AnyObject?

  /// Binds a plan to its weights.
  ///
  /// - Parameters:
  ///   - plan: a plan that is verified.
  ///   - owner: keeps the tensors' memory.
  ///   - threads: workers; nil: one for each processor that the process may use.
  ///   - maximumSequences: how many sequences may be open at once.
  ///   - maximumSlots: how many slots may be in use at once, the bare slot 0 included.
  ///   - constants: the address of each of the plan's tensors, by name; valid as long as `owner` lives.
  /// - Throws: `EngineError` where memory cannot be had or `ACT_ISA` is wrong, and what `constants` throws.
  package convenience init(
    plan: Plan, owner: AnyObject?, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 2,
    constants: (String) throws -> UnsafeRawPointer
  ) throws {
    try self.init(
      plan: plan, owner: owner, pool: ThreadPool(threads: threads), maximumSequences: maximumSequences,
      maximumSlots: maximumSlots, constants: constants)
  }

  /// Creates an engine that shares its workers with others, which take turns.
  package init(
    plan: Plan, owner: AnyObject?, pool: ThreadPool, maximumSequences: Int = 1, maximumSlots: Int = 2,
    arena: Block? = nil, constants: (String) throws -> UnsafeRawPointer
  ) throws {
    if let error = act_isa_error() { throw EngineError(String(cString: error)) }
    self.plan = plan
    self.owner = owner
    self.maximumSequences = maximumSequences
    self.maximumSlots = maximumSlots
    self.pool = pool
    promptFollowsDials = plan.promptFollowsDials
    slotVersions = [Int](repeating: 0, count: maximumSlots)
    maximumLogitRows = plan.limit("R") ?? 0
    choosesEndings = plan.inputs.contains { $0.role == .ending }
    // A part of a model may begin where rows are chosen already.
    maximumRows = plan.limit("T") ?? max(1, maximumLogitRows)
    vocabularySize = plan.vocabularySize ?? Int(Int32.max)
    positionCount =
      plan.inputs.first { $0.role == .position }.flatMap { plan.bound(ofInput: $0.name).fixed }
      ?? Int(Int32.max)
    let arguments = TaskArguments()
    counts = arguments.allocate(Int32.self, count: plan.limits.count)
    rows = RowBuffers(plan, rows: maximumRows, in: arguments)
    caches = SequenceCaches(plan, maximumSequences: maximumSequences, arguments: arguments)
    bound = try BoundPlan(
      plan, rows: rows, caches: caches, threads: pool.threads, slots: maximumSlots, arguments: arguments,
      arena: arena, constants: constants)
    try setStrengths([:], slot: 0)
  }

  /// Sets the strengths of a slot; maps that are not named are off, and gates let every token through.
  package func setStrengths(_ strengths: [String: Float], slot: Int) throws {
    try set(SlotValues(strengths), slot: slot)
  }

  /// Sets the values of a slot. Runs the set-time program and nothing else.
  package func set(_ values: SlotValues, slot: Int) throws {
    guard (0..<maximumSlots).contains(slot) else { throw EngineError("slot \(slot) of \(maximumSlots)") }
    try check(values.strengths)
    if let gate = values.gates.keys.first(where: { !plan.gates.contains($0) }) {
      throw EngineError("`\(gate.map)` has no gate of `\(gate.score)`")
    }
    if slot == 0, values.strengths.values.contains(where: { $0 != 0 }) {
      throw EngineError("slot 0 is the bare model")
    }
    for (name, offset) in bound.dials {
      bound.valueToSet(at: offset).pointee = values.strengths[name] ?? 0
    }
    for (gate, end, offset) in bound.gateBounds {
      let range = values.gates[gate] ?? .all
      bound.valueToSet(at: offset).pointee = end == .lower ? range.lower : range.upper
    }
    run(bound.setTasks[...])
    bound.keepSetValues(slot: slot)
    slotVersions[slot] += 1
    usedSlots = max(usedSlots, slot + 1)
  }

  /// Checks that there is a dial of each name.
  package func check(_ strengths: [String: Float]) throws {
    for name in strengths.keys.sorted() where !bound.dials.contains(where: { $0.name == name }) {
      let known =
        bound.dials.isEmpty
        ? "the plan has no dials" : "dials: " + bound.dials.map(\.name).joined(separator: ", ")
      throw EngineError("no dial `\(name)`; \(known)")
    }
  }

  /// Opens a sequence of at most `capacity` tokens; memory is used as it grows.
  package func openSequence(capacity: Int) throws -> Int32 {
    guard capacity <= plan.contextLength else {
      throw EngineError("a sequence of \(capacity) tokens; the plan's context is \(plan.contextLength)")
    }
    return try caches.open(capacity: max(1, capacity))
  }

  package func closeSequence(_ sequence: Int32) { caches.close(sequence) }

  /// Where the next step reads an input of floats: rows of channels; nil where the plan has none of that name.
  ///
  /// Inputs of a prompt are written after ``makeRoomForPrompt()``, and before it is prepared.
  package func input(_ name: String) -> UnsafeMutablePointer<Float>? {
    bound.inputs.first { $0.name == name && $0.location.dtype == .f32 }?.location.floats
  }

  /// Where the next step reads an input of whole numbers; nil where the plan has none of that name. The engine itself
  /// writes the positions, the entries and the chosen rows.
  package func integers(_ name: String) -> UnsafeMutablePointer<Int32>? {
    bound.inputs.first { $0.name == name && $0.location.dtype == .i32 }
      .map { $0.location.base.assumingMemoryBound(to: Int32.self) }
  }

  /// A result of the last step: `[rows, columns]`, valid until the next.
  package func result(_ name: String) -> UnsafePointer<Float>? {
    bound.results.first { $0.name == name }.map { result in
      UnsafePointer(result.block.base.assumingMemoryBound(to: Float.self))
    }
  }
}
