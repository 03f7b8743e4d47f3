import ActFormats
import ActIR
import ActKernels
import ActPlan

/// Computes a plan's tensors from the weights, one after another, with the same kernels that steps use.
package struct ConstantEvaluator {
  private let pool: ThreadPool

  package init(threads: Int? = nil) { pool = ThreadPool(threads: threads) }

  /// Creates an evaluator that shares its workers with others, which take turns.
  package init(pool: ThreadPool) { self.pool = pool }

  /// Runs a compile-time program.
  ///
  /// - Parameters:
  ///   - program: what to compute.
  ///   - source: the bytes of a leaf: a `weight` of the checkpoint or a `map_parameter`. Their owner is kept until the
  ///     last value is computed from them.
  ///   - sink: receives each tensor of the plan, in the order of `program.outputs`. Bytes are valid during the call
  ///     only, unless they are a leaf's own.
  /// - Throws: `EngineError` for a leaf of another size or memory that cannot be had, and what `source` and `sink` throw.
  package func run(
    _ program: CompileProgram, source: (Op) throws -> OwnedBytes,
    sink: (_ name: String, _ bytes: OwnedBytes, _ isLeaf: Bool) throws -> Void
  ) throws {
    if let error = act_isa_error() { throw EngineError(String(cString: error)) }
    // A value is computed when the first output needs it, and freed when the last has used it.
    var remaining = [Int](repeating: 0, count: program.values.count)
    for value in program.values { for input in value.inputs { remaining[input] += 1 } }
    for output in program.outputs { remaining[output.value] += 1 }
    var computed: [Int: (value: OwnedBytes, isLeaf: Bool)] = [:]
    func release(_ index: Int) {
      remaining[index] -= 1
      if remaining[index] == 0 { computed[index] = nil }
    }
    func byteCount(of value: Plan.Value) throws -> Int {
      guard let count = value.type.byteCount() else { throw EngineError("%\(value.name) has no fixed size") }
      return count
    }
    func location(_ index: Int) -> Location {
      Location(
        UnsafeMutableRawPointer(mutating: computed[index]!.value.bytes.baseAddress!),
        program.values[index].type)
    }
    /// Computes matrices one after another, each of which goes to its place at once.
    func stack(_ index: Int) throws {
      let value = program.values[index]
      let block = try Block(byteCount: byteCount(of: value))
      for (place, input) in value.inputs.enumerated() {
        try compute(input)
        let arguments = TaskArguments()
        let task = Binder(arguments: arguments).stack(
          location(input), at: place, Location(block.base, value.type))
        withExtendedLifetime(arguments) { pool.run(task.function, UnsafeRawPointer(task.arguments)) }
        release(input)
      }
      keep(block, as: index)
    }
    func keep(_ block: Block, as index: Int) {
      let bytes = UnsafeRawBufferPointer(start: block.base, count: block.byteCount)
      computed[index] = (OwnedBytes(bytes, owner: block), isLeaf: false)
    }
    func compute(_ index: Int) throws {
      guard computed[index] == nil else { return }
      let value = program.values[index]
      if case .stack = value.op { return try stack(index) }
      for input in value.inputs { try compute(input) }
      let byteCount = try byteCount(of: value)
      switch value.op {
      case .weight, .mapParameter:
        let leaf = try source(value.op)
        guard leaf.bytes.count == byteCount else {
          throw EngineError("%\(value.name): expected \(value.type), found \(leaf.bytes.count) bytes")
        }
        computed[index] = (leaf, isLeaf: true)
      default:
        let block = try Block(byteCount: byteCount)
        let arguments = TaskArguments()
        if case .constant(let number) = value.op { block.base.storeBytes(of: number, as: Float.self) }
        var binder = Binder(arguments: arguments)
        for task in binder.tasks(value.op, value.inputs.map(location), out: Location(block.base, value.type))
        {
          pool.run(task.function, UnsafeRawPointer(task.arguments))
        }
        keep(block, as: index)
      }
      for input in value.inputs { release(input) }
    }
    for output in program.outputs {
      try compute(output.value)
      let (value, isLeaf) = computed[output.value]!
      try withExtendedLifetime(value.owner) { try sink(output.name, value, isLeaf) }
      release(output.value)
    }
  }
}
