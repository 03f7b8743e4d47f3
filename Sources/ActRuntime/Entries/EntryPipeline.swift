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
      let wired = module.plan.wires.filter { wire in
        wire.sources.allSatisfy { source in running.contains { $0.plan.name == source.module } }
      }
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
  ///   - given: is handed what each module is given.
  /// - Returns: the results of all of them, each module's sites after its results.
  /// - Throws: what `EntryModel.evaluate` and `strengths` throw.
  package func evaluate(
    _ running: [EntryModel], on tensors: SafetensorsFile,
    strengths: (EntryModel) throws -> Steering = { _ in [:] }, sites: Set<String> = [],
    given: (EntryInputs) -> Void = { _ in }
  ) throws -> [ResultTensor] {
    var results: [ResultTensor] = []
    var places: [String: Int] = [:]
    for module in running {
      var inputs = try EntryInputs(
        tensors, for: module.plan.inputs, beside: running.flatMap(\.plan.inputs))
      for wire in module.plan.wires where inputs.tensors[wire.input] == nil {
        inputs.tensors[wire.input] = try wired(wire, to: module, results, places, tensors)
      }
      given(inputs)
      for result in try module.evaluate(inputs, strengths: strengths(module), sites: sites) {
        places["\(module.plan.name)/\(result.name)"] = results.count
        results.append(result)
      }
    }
    return results
  }

  /// What a wire gives; nil where a result that it leads from is not there.
  private func wired(
    _ wire: Wire, to module: EntryModel, _ results: [ResultTensor], _ places: [String: Int],
    _ tensors: SafetensorsFile
  ) throws(FileError) -> EntryInputs.Tensor? {
    func result(_ source: Wire.Source) -> ResultTensor? {
      places["\(source.module)/\(source.result)"].map { results[$0] }
    }
    if let source = wire.onlySource { return result(source).map { .init($0.values, shape: $0.shape) } }
    // Parts follow one another in each entry, and results do not say where one ends.
    if wire.parts.count > 1, let sequences = tensors[EntryInputs.sequences],
      tensors.integers(of: sequences).contains(where: { $0 > 0 })
    {
      throw FileError(
        tensors.path, wire.input, "rows of several texts are joined for one entry alone",
        next: "give \(wire.input), or one entry")
    }
    guard let input = module.plan.inputs.first(where: { $0.name == wire.input }),
      let width = input.type.shape.last?.fixed, let joined = wire.joined(width: width, result)
    else { return nil }
    return .init(joined.values, shape: joined.shape)
  }
}
