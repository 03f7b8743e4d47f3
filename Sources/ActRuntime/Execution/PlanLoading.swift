import ActFormats
import ActIR
import ActPlan

extension PlanFile {
  /// An engine for the plan, whose tensors stay mapped.
  package func makeEngine(
    threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 2
  ) throws -> Engine {
    let engine = try Engine(
      plan: plan, owner: file, threads: threads, maximumSequences: maximumSequences,
      maximumSlots: maximumSlots
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
