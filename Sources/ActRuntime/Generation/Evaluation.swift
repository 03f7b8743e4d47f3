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
    let slots = try slots.acquire(
      strengths, promptCount: promptCount ?? tokens.count, length: tokens.count)
    defer { self.slots.release(slots) }
    let sequence = try engine.openSequence(capacity: tokens.count)
    defer { engine.closeSequence(sequence) }
    var queue = StepQueue(engine, rowsPerStep: chunkSize)
    var results = plan.results.map { result in
      ResultTensor(result.name, plan.values[result.value].type, rows: tokens.count)
    }
    var observed: [ResultTensor] = []
    for (position, token) in tokens.enumerated() {
      queue.add(
        Row(token: token, position: Int32(position), sequence: sequence, slot: slots[position]),
        owner: position)
      guard queue.isFull || position == tokens.count - 1 else { continue }
      let rowCount = queue.count
      try queue.run(observing: sites) { site, values, _ in
        if let index = observed.firstIndex(where: { $0.name == site }) {
          observed[index].values += values
        } else {
          let type = plan.values.first { $0.site == site }!.type
          observed.append(ResultTensor(site, type, rows: tokens.count))
          observed[observed.count - 1].values = values
        }
      } _: { _, _ in
      }
      for index in results.indices {
        let values = engine.result(results[index].name)!
        let width = results[index].shape.dropFirst().reduce(1, *)
        results[index].values += UnsafeBufferPointer(start: values, count: rowCount * width)
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
