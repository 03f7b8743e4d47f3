import ActIR
import ActKernels
import ActLowering

/// A value of the step, and where it lies once that many tasks have run.
struct StepValue {
  /// As error messages name it.
  var place: String
  /// The site that it is the output of, where it is one's.
  var site: String?
  var taskCount: Int
  var location: Location
}

/// A plan with an address for every value: the kernel tasks of its programs, and the memory they work on.
final class BoundPlan {
  private let arguments: TaskArguments
  private let arena: Block
  private let slotBlock: Block
  private let scratch: Block
  private let packedRows: Block
  private let slotByteCount: Int

  private(set) var setTasks: [KernelTask] = []
  private(set) var stepTasks: [KernelTask] = []
  private(set) var results: [(name: String, block: Block, location: Location)] = []
  /// The inputs of floats, by name.
  private(set) var inputs: [(name: String, block: Block)] = []
  /// The values that the step computes, in order.
  private(set) var computed: [StepValue] = []
  private(set) var dials: [(name: String, offset: Int)] = []

  /// Lays out a verified plan.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - rows: the buffers of the call's rows.
  ///   - caches: where keys and values of sequences lie.
  ///   - threads: how many workers need scratch memory of their own.
  ///   - slots: how many blocks of set-time values there are.
  ///   - arguments: owns the kernels' arguments.
  ///   - constants: the address of each of the plan's tensors, by name.
  /// - Throws: `EngineError` where memory cannot be had, and what `constants` throws.
  init(
    _ plan: Plan, rows: RowBuffers, caches: SequenceCaches, threads: Int, slots: Int,
    arguments: TaskArguments,
    constants: (String) throws -> UnsafeRawPointer
  ) throws {
    self.arguments = arguments
    slotByteCount = plan.slotByteCount
    arena = try Block(byteCount: plan.arenaByteCount)
    slotBlock = try Block(byteCount: plan.slotByteCount * slots)
    let scratchPerWorker =
      plan.caches.map { Int(act_attention_scratch(Int32($0.headWidth))) }.max() ?? 0
    scratch = try Block(byteCount: scratchPerWorker * threads * 4)
    packedRows = try Block(byteCount: Self.packedRowsByteCount(plan))

    var binder = Binder(arguments: arguments)
    binder.context = StepContext(
      slots: ["T": rows.slots, "R": rows.logitSlots], sequences: rows.sequences, positions: rows.positions,
      begins: rows.begins, ends: rows.ends, keys: caches.keys, values: caches.values,
      cacheType: plan.cacheType,
      scratch: scratch.base.assumingMemoryBound(to: Float.self), scratchPerWorker: scratchPerWorker,
      packedRows: packedRows.base)
    let locations = try locate(plan, rows, constants)
    for index in plan.set {
      let value = plan.values[index]
      setTasks += binder.tasks(
        value.op, value.inputs.map { locations[$0].asSlotRows }, out: locations[index].asSlotRows)
    }
    for index in plan.step {
      let value = plan.values[index]
      stepTasks += binder.tasks(value.op, value.inputs.map { locations[$0] }, out: locations[index])
      computed.append(
        StepValue(
          place: Self.place(of: value, plan), site: value.site, taskCount: stepTasks.count,
          location: locations[index]))
    }
  }

  /// The site of a value, or its name, with the matrices that it comes from: several layers may be one kernel.
  private static func place(of value: Plan.Value, _ plan: Plan) -> String {
    let matrices = value.inputs.compactMap { input in
      if case .weight(let name) = plan.values[input].op, plan.values[input].type.rank == 2 {
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
    _ plan: Plan, _ rows: RowBuffers, _ constants: (String) throws -> UnsafeRawPointer
  ) throws -> [Location] {
    var locations: [Location] = []
    for (index, value) in plan.values.enumerated() {
      var location: Location
      switch value.place {
      case .constant:
        guard case .weight(let name) = value.op else { preconditionFailure("verified") }
        location = Location(UnsafeMutableRawPointer(mutating: try constants(name)), value.type)
      case .call where value.type.dtype == .f32:
        let block = try Block(byteCount: value.type.byteCount(plan.limit) ?? 0)
        location = Location(block.base, value.type)
        inputs.append((value.name, block))
      case .call: location = Location(rows.input(value.name), value.type)
      case .slot(let offset):
        location = Location(slotBlock.base + offset, value.type)
        location.slotStride = plan.slotByteCount / 4
        if case .dial(let name, _) = value.op { dials.append((name, offset)) }
      case .arena(let offset): location = Location(arena.base + offset, value.type)
      case .view:
        guard case .slice(let start, let count) = value.op else { preconditionFailure("verified") }
        location = locations[value.inputs[0]]
        location.base += start * 4
        location.columns = count
      case .over(let operand): location = locations[value.inputs[operand]]
      case .result:
        let block = try Block(byteCount: value.type.byteCount(plan.limit) ?? 0)
        location = Location(block.base, value.type)
        for result in plan.results where result.value == index {
          results.append((result.name, block, location))
        }
      }
      locations.append(location)
    }
    return locations
  }

  /// The most that any linear layer of the step needs for its rows.
  private static func packedRowsByteCount(_ plan: Plan) -> Int {
    plan.step.map { index in
      switch plan.values[index].op {
      case .linear, .linearEpilogue:
        let x = plan.values[plan.values[index].inputs[0]].type
        let w = plan.values[plan.values[index].inputs[1]].type
        guard case .symbol(let symbol)? = x.shape.first, let k = w.shape[1].fixed else { return 0 }
        return act_linear_scratch(w.dtype.kernelType, Int32(plan.limit(symbol) ?? 0), Int32(k))
      default: return 0
      }
    }.max() ?? 0
  }

  /// A dial's value in a slot.
  func dial(at offset: Int, slot: Int) -> UnsafeMutablePointer<Float> {
    (slotBlock.base + slot * slotByteCount + offset).assumingMemoryBound(to: Float.self)
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
