import ActFormats
import ActIR
import ActPlan

/// The modules of a plan of whole entries, run one after another: what an earlier module gives, a later one takes where
/// a wire says so and the caller does not give it.
package struct EntryPipeline {
  package let modules: [EntryModel]

  /// Makes engines for all modules of a plan.
  package init(_ file: PlanFile, threads: Int? = nil, maximumSlots: Int = 64) throws {
    let path = file.file.path
    modules = try file.makeEngines(threads: threads, maximumSlots: maximumSlots).map {
      try EntryModel($0, path: path)
    }
  }

  /// The modules that run on the tensors of a file: the only one, or those whose inputs are in the file or come by a wire
  /// from others that run.
  ///
  /// - Throws: `FileError` for a file that has the inputs of no module.
  package func modules(for tensors: SafetensorsFile) throws(FileError) -> [EntryModel] {
    guard modules.count > 1 else { return modules }
    var running: [EntryModel] = []
    for module in modules {
      let wired = module.plan.wires.filter { wire in running.contains { $0.plan.name == wire.module } }
      let asked = module.plan.inputs.filter { input in !wired.contains { $0.input == input.name } }
      if EntryInputs.areGiven(in: tensors, for: asked) { running.append(module) }
    }
    guard running.isEmpty else { return running }
    let inputs = modules.map { "\($0.plan.inputs.map(\.name).joined(separator: ", ")) of \($0.plan.name)" }
    throw FileError(
      tensors.path, nil, "expected the inputs of a module, found none",
      next: "give \(inputs.joined(separator: ", or "))")
  }

  /// Runs modules on the tensors of a file; see ``modules(for:)`` and `EntryModel.evaluate`.
  ///
  /// - Parameters:
  ///   - running: which run, in order.
  ///   - tensors: what the caller gives.
  ///   - strengths: the steering of a module.
  ///   - sites: sites whose values are wanted too.
  /// - Returns: the results of all of them, each module's sites after its results.
  /// - Throws: what `EntryModel.evaluate` and `strengths` throw.
  package func evaluate(
    _ running: [EntryModel], on tensors: SafetensorsFile,
    strengths: (EntryModel) throws -> Steering = { _ in [:] }, sites: Set<String> = []
  ) throws -> [ResultTensor] {
    var results: [ResultTensor] = []
    var places: [String: Int] = [:]
    for module in running {
      var inputs = try EntryInputs(
        tensors, for: module.plan.inputs, beside: running.flatMap(\.plan.inputs))
      for wire in module.plan.wires where inputs.tensors[wire.input] == nil {
        guard let index = places["\(wire.module)/\(wire.result)"] else { continue }
        inputs.tensors[wire.input] = .init(results[index].values, shape: results[index].shape)
      }
      for result in try module.evaluate(inputs, strengths: strengths(module), sites: sites) {
        places["\(module.plan.name)/\(result.name)"] = results.count
        results.append(result)
      }
    }
    return results
  }
}
