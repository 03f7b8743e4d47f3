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
    func compute(_ index: Int) throws {
      guard computed[index] == nil else { return }
      let value = program.values[index]
      for input in value.inputs { try compute(input) }
      guard let byteCount = value.type.byteCount() else {
        throw EngineError("%\(value.name) has no fixed size")
      }
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
        let inputs = value.inputs.map { input in
          Location(
            UnsafeMutableRawPointer(mutating: computed[input]!.value.bytes.baseAddress!),
            program.values[input].type
          )
        }
        var binder = Binder(arguments: arguments)
        for task in binder.tasks(value.op, inputs, out: Location(block.base, value.type)) {
          pool.run(task.function, UnsafeRawPointer(task.arguments))
        }
        let bytes = UnsafeRawBufferPointer(start: block.base, count: block.byteCount)
        computed[index] = (OwnedBytes(bytes, owner: block), isLeaf: false)
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
