import ActIR
import ActPlan

extension LanguageModel {
  /// Runs one sequence, in chunks of `chunkSize` rows, and returns the plan's results for every token.
  ///
  /// - Parameters:
  ///   - tokens: the sequence.
  ///   - promptCount: tokens from here on count as generated for maps with a token scope; by default none do.
  ///   - strengths: the steering. Where the prompt is read again, what the second reading gives is returned.
  ///   - sites: sites whose values are wanted too, after the results; see ``Engine/observableSites``.
  ///   - chunkSize: the most rows of one step.
  /// - Returns: the plan's results, then the sites in order of execution.
  /// - Throws: `EngineError` where the tokens do not fit the plan, or the steering names what it does not have.
  package func evaluate(
    _ tokens: [Int32], promptCount: Int? = nil, strengths: Steering = [:], sites: Set<String> = [],
    chunkSize: Int = 128
  ) throws -> [ResultTensor] {
    let sequence = try open(
      strengths, promptCount: promptCount ?? tokens.count, capacity: tokens.count)
    defer { close(sequence) }
    var queue = SteeredQueue(self, rowsPerStep: chunkSize)
    var values = SequenceValues(self, rows: tokens.count)
    var position = 0
    while true {
      let isProvisional = sequence.isProvisional
      // Rows after the prompt wait until its tests are decided.
      let end = sequence.isDecided ? tokens.count : min(sequence.promptCount, tokens.count)
      while position < end {
        while try !queue.add(tokens[position], at: position, of: sequence, owner: position) {
          try values.run(&queue, observing: sites, isWanted: !isProvisional)
        }
        position += 1
      }
      try values.run(&queue, observing: sites, isWanted: !isProvisional)
      if sequence.beginsAgain {
        sequence.begin()
        position = 0
      } else if position == tokens.count {
        return values.all
      }
    }
  }
}

/// What the steps of a sequence give, for all of its rows.
private struct SequenceValues {
  private let model: LanguageModel
  private let rowCount: Int
  private var results: [ResultTensor]
  private var observed: [ResultTensor] = []

  init(_ model: LanguageModel, rows: Int) {
    self.model = model
    rowCount = rows
    results = model.plan.results.map { result in
      ResultTensor(result.name, model.plan.values[result.value].type, rows: rows)
    }
  }

  var all: [ResultTensor] { results + observed }

  /// Runs the rows that wait, and keeps their values where they are wanted.
  mutating func run(_ queue: inout SteeredQueue, observing sites: Set<String>, isWanted: Bool) throws {
    let count = queue.count
    try queue.run(observing: isWanted ? sites : []) { site, values, _ in
      if let index = observed.firstIndex(where: { $0.name == site }) {
        observed[index].values += values
      } else {
        let type = model.plan.values.first { $0.site == site }!.type
        observed.append(ResultTensor(site, type, rows: rowCount))
        observed[observed.count - 1].values = values
      }
    } _: { _, _ in
    }
    guard isWanted, count > 0 else { return }
    for index in results.indices {
      let values = model.engine.result(results[index].name)!
      let width = results[index].shape.dropFirst().reduce(1, *)
      results[index].values += UnsafeBufferPointer(start: values, count: count * width)
    }
  }
}

extension ResultTensor {
  /// A value of so many rows, which are still to come.
  fileprivate init(_ name: String, _ type: TensorType, rows: Int) {
    self.init(name: name, shape: [rows] + type.shape.dropFirst().map { $0.fixed ?? 1 }, values: [])
  }
}
