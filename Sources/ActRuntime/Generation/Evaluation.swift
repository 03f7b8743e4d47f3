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
    var slots = SlotAssignment(plan)
    let sequence = try engine.openSequence(capacity: tokens.count)
    defer { engine.closeSequence(sequence) }
    var results = plan.results.map { result in
      Result(name: result.name, values: [], width: plan.values[result.value].type.shape.last?.fixed ?? 1)
    }
    var observed: [Result] = []
    for start in stride(from: 0, to: tokens.count, by: min(chunkSize, engine.maximumRows)) {
      let end = min(start + min(chunkSize, engine.maximumRows), tokens.count)
      let rows = try (start..<end).map {
        let slot = try slots.slot(
          strengths, position: $0, promptCount: promptCount ?? tokens.count, on: engine)
        return Row(token: tokens[$0], position: Int32($0), sequence: sequence, slot: slot)
      }
      try engine.step(rows, logitRows: .all, observing: sites) { site, values, width in
        if start == 0 { observed.append(Result(name: site, values: [], width: width)) }
        observed[observed.firstIndex { $0.name == site }!].values += values
      }
      for index in results.indices {
        let values = engine.result(results[index].name)!
        results[index].values += UnsafeBufferPointer(start: values, count: rows.count * results[index].width)
      }
    }
    return results + observed
  }
}
