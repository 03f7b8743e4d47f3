import ActFormats
import ActPlan

/// The modules of a plan file, each with an engine.
///
/// They share the mapped weights and the workers, and take turns in one arena: what a module leaves there is lost when
/// another runs. Inputs and results lie outside it.
package final class PlanModules {
  package let file: PlanFile
  /// In the order of the file's modules.
  package let engines: [Engine]

  /// Maps, checks and binds a plan file; `threads` and the maxima are as for ``Engine``.
  package init(
    _ path: String, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 64
  ) throws {
    let file = try PlanFile(path)
    let arena = try Block(byteCount: file.modules.map(\.arenaByteCount).max() ?? 0)
    let pool = ThreadPool(threads: threads)
    engines = try file.modules.map { module in
      let engine = try Engine(
        plan: module, owner: file.file, pool: pool, maximumSequences: maximumSequences,
        maximumSlots: maximumSlots, arena: arena
      ) { name in
        guard let tensor = file.file[name], let address = file.file.bytes(of: tensor).baseAddress else {
          throw FileError(path, name, "no such tensor")
        }
        return address
      }
      engine.path = path
      return engine
    }
    self.file = file
  }

  /// The engine of a module, or nil where the plan has none of that name.
  package func engine(_ name: String) -> Engine? { engines.first { $0.plan.name == name } }
}
