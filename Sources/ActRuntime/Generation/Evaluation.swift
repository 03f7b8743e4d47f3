import ActIR
import ActPlan

extension LanguageModel {
  /// One result of a plan over a whole sequence.
  package struct Result: Sendable {
    package var name: String
    /// Row-major, a row a token.
    package var values: [Float]
    package var width: Int
  }

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
  ) throws -> [Result] {
    let slots = try slots.acquire(
      strengths, promptCount: promptCount ?? tokens.count, length: tokens.count)
    defer { self.slots.release(slots) }
    let sequence = try engine.openSequence(capacity: tokens.count)
    defer { engine.closeSequence(sequence) }
    var queue = StepQueue(engine, rowsPerStep: chunkSize)
    var results = plan.results.map { result in
      Result(name: result.name, values: [], width: plan.values[result.value].type.shape.last?.fixed ?? 1)
    }
    var observed: [Result] = []
    for (position, token) in tokens.enumerated() {
      queue.add(
        Row(token: token, position: Int32(position), sequence: sequence, slot: slots[position]),
        owner: position)
      guard queue.isFull || position == tokens.count - 1 else { continue }
      let rowCount = queue.count
      try queue.run(observing: sites) { site, values, width in
        if let index = observed.firstIndex(where: { $0.name == site }) {
          observed[index].values += values
        } else {
          observed.append(Result(name: site, values: values, width: width))
        }
      } _: { _, _ in
      }
      for index in results.indices {
        let values = engine.result(results[index].name)!
        results[index].values += UnsafeBufferPointer(start: values, count: rowCount * results[index].width)
      }
    }
    return results + observed
  }
}
