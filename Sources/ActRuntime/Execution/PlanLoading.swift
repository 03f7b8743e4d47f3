import ActFormats
import ActIR
import ActPlan

extension PlanFile {
  /// An engine for a module, by default the first, whose tensors stay mapped.
  package func makeEngine(
    _ module: Plan? = nil, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 2
  ) throws -> Engine {
    try makeEngine(
      module ?? plan, pool: ThreadPool(threads: threads), arena: nil, maximumSequences: maximumSequences,
      maximumSlots: maximumSlots)
  }

  /// Engines for all modules, in their order.
  ///
  /// They share the mapped weights and the workers, and take turns in one arena: what a module leaves there is lost when
  /// another runs. Inputs and results lie outside it.
  package func makeEngines(
    threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 2
  ) throws -> [Engine] {
    let arena = try Block(byteCount: modules.map(\.arenaByteCount).max() ?? 0)
    let pool = ThreadPool(threads: threads)
    return try modules.map { module in
      try makeEngine(
        module, pool: pool, arena: arena, maximumSequences: maximumSequences, maximumSlots: maximumSlots)
    }
  }

  private func makeEngine(
    _ module: Plan, pool: ThreadPool, arena: Block?, maximumSequences: Int, maximumSlots: Int
  ) throws -> Engine {
    let engine = try Engine(
      plan: module, owner: file, pool: pool, maximumSequences: maximumSequences, maximumSlots: maximumSlots,
      arena: arena
    ) { name in
      guard let tensor = file[name], let address = file.bytes(of: tensor).baseAddress else {
        throw FileError(file.path, name, "no such tensor")
      }
      return address
    }
    engine.path = file.path
    return engine
  }
}

extension Plan {
  /// Whether values are rounded to less than f32 on their way: weights, keys or values.
  package var hasNarrowValues: Bool {
    values.contains { $0.type.dtype == .kvbf16 }
      || constants.contains { ![.f32, .f32x16, .i32, .bool].contains($0.type.dtype) }
  }
}
