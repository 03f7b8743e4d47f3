import ActIR
import ActPlan

extension LanguageModel {
  /// Runs one sequence, in chunks of `chunkSize` rows, and returns the plan's results for every token.
  ///
  /// - Parameters:
  ///   - tokens: the sequence.
  ///   - promptCount: tokens from here on count as generated for maps with a token scope; by default none do.
  ///   - strengths: the steering.
  ///   - sites: sites whose values are wanted too, after the results; see ``Engine/observableSites``.
  ///   - chunkSize: the most rows of one step.
  /// - Returns: the plan's results, then the sites in order of execution.
  /// - Throws: `EngineError` where the tokens do not fit the plan or a dial does not exist.
  package func evaluate(
    _ tokens: [Int32], promptCount: Int? = nil, strengths: [String: Float] = [:], sites: Set<String> = [],
    chunkSize: Int = 128
  ) throws -> [ResultTensor] {
    var slots = SlotAssignment(plan)
    let sequence = try engine.openSequence(capacity: tokens.count)
    defer { engine.closeSequence(sequence) }
    var results = plan.results.map { result in
      ResultTensor(result.name, plan.values[result.value].type, rows: tokens.count)
    }
    var observed: [ResultTensor] = []
    for start in stride(from: 0, to: tokens.count, by: min(chunkSize, engine.maximumRows)) {
      let end = min(start + min(chunkSize, engine.maximumRows), tokens.count)
      let rows = try (start..<end).map {
        let slot = try slots.slot(
          strengths, position: $0, promptCount: promptCount ?? tokens.count, on: engine)
        return Row(token: tokens[$0], position: Int32($0), sequence: sequence, slot: slot)
      }
      try engine.step(rows, logitRows: .all, observing: sites) { site, values, _ in
        if start == 0 {
          let type = plan.values.first { $0.site == site }!.type
          observed.append(ResultTensor(site, type, rows: tokens.count))
        }
        observed[observed.firstIndex { $0.name == site }!].values += values
      }
      for index in results.indices {
        let values = engine.result(results[index].name)!
        let width = results[index].shape.dropFirst().reduce(1, *)
        results[index].values += UnsafeBufferPointer(start: values, count: rows.count * width)
      }
    }
    return results + observed
  }
}

extension ResultTensor {
  /// A value of so many rows, which are still to come.
  fileprivate init(_ name: String, _ type: TensorType, rows: Int) {
    self.init(name: name, shape: [rows] + type.shape.dropFirst().map { $0.fixed ?? 1 }, values: [])
  }
}
