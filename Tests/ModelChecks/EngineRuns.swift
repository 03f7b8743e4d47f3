import ActIR
import ActPlan
import ActRuntime

/// A sequence to run: its tokens, and the slot whose strengths apply.
package struct Prompt: Hashable, Sendable {
  package var tokens: [Int32]
  package var slot: Int32

  package init(_ tokens: [Int32], slot: Int32 = 0) {
    self.tokens = tokens
    self.slot = slot
  }
}

/// A token of a run: of which prompt, and where in it.
package struct RunRow: Hashable, Sendable {
  package var prompt: Int
  package var position: Int

  package init(prompt: Int, position: Int) {
    self.prompt = prompt
    self.position = position
  }
}

/// Which rows each step of a run holds, in order.
package typealias Schedule = [[RunRow]]

extension Engine {
  /// Runs prompts as `schedule` says; returns for each the rows of a result, in order of position.
  package func run(
    _ prompts: [Prompt], schedule: Schedule, result name: String = "logits"
  ) throws -> [[Float]] {
    guard let result = plan.results.first(where: { $0.name == name }),
      let width = TensorType(.f32, Array(plan.values[result.value].type.shape.dropFirst())).fixedCount
    else { throw EngineError("no result `\(name)`") }
    var sequences: [Int32] = []
    defer { for sequence in sequences { closeSequence(sequence) } }
    for prompt in prompts { sequences.append(try openSequence(capacity: prompt.tokens.count)) }
    var values = prompts.map { [Float](repeating: .nan, count: $0.tokens.count * width) }
    for step in schedule {
      let rows = step.map { row in
        Row(
          token: prompts[row.prompt].tokens[row.position], position: Int32(row.position),
          sequence: sequences[row.prompt], slot: prompts[row.prompt].slot)
      }
      try self.step(rows, logitRows: .all)
      guard let output = self.result(name) else { throw EngineError("no result `\(name)`") }
      for (index, row) in step.enumerated() {
        for column in 0..<width {
          values[row.prompt][row.position * width + column] = output[index * width + column]
        }
      }
    }
    return values
  }

  /// Runs one prompt, whole or in steps of `chunk` rows; returns the rows of a result.
  package func run(
    _ tokens: [Int32], slot: Int32 = 0, chunk: Int = .max, result: String = "logits"
  ) throws -> [Float] {
    let size = min(chunk, maximumRows)
    let schedule = stride(from: 0, to: tokens.count, by: size).map { start in
      (start..<min(start + size, tokens.count)).map { RunRow(prompt: 0, position: $0) }
    }
    return try run([Prompt(tokens, slot: slot)], schedule: schedule, result: result)[0]
  }
}

/// A schedule that takes prompts forward by uneven amounts, several in a step, the rows of a step in random order.
package func mixedSchedule(
  _ prompts: [Prompt], rowsPerStep: Int, using random: inout some RandomNumberGenerator
) -> Schedule {
  var next = prompts.map { _ in 0 }
  var schedule: Schedule = []
  while zip(next, prompts).contains(where: { $0 < $1.tokens.count }) {
    var step: [RunRow] = []
    for index in prompts.indices.shuffled(using: &random) {
      let left = min(prompts[index].tokens.count - next[index], rowsPerStep - step.count)
      guard left > 0 else { continue }
      let count = Int.random(in: 1...left, using: &random)
      step += (next[index]..<next[index] + count).map { RunRow(prompt: index, position: $0) }
      next[index] += count
    }
    schedule.append(step.shuffled(using: &random))
  }
  return schedule
}
