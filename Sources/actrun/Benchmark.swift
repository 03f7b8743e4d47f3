import ActEval
import ActRuntime
import ActTerminal
import Glibc

/// Times the phases of a plan apart: prefill, decode, sampler, tokenizer.
///
/// Prefill and decode hold neither sampler nor tokenizer, and decode starts from an empty context, so that they stand
/// beside what `llama-bench` calls pp and tg.
struct Benchmark {
  /// What a slot holds to be measured, by the expression that gave it.
  struct Row {
    var name: String
    var values: SlotValues
  }

  /// Seconds, a run each; run i of every row was measured in turn with run i of the others.
  struct Timings {
    var prefill: [Double]
    var decode: [Double]

    fileprivate init(_ runs: [(prefill: Double, decode: Double)]) {
      prefill = runs.map(\.prefill)
      decode = runs.map(\.decode)
    }

    /// How much longer prefill and decode take than those of `base`, as shares: medians over paired runs.
    func costs(over base: Timings) -> [MedianInterval] {
      [\Timings.prefill, \.decode].map { phase in
        MedianInterval(costOf: self[keyPath: phase], over: base[keyPath: phase])
      }
    }
  }

  let model: LanguageModel
  /// Tokens of a prefill, in one sequence.
  var prompt: Int
  /// Tokens that each sequence decodes.
  var tokens: Int
  /// Sequences that decode together.
  var sequences: Int

  /// Measures all rows in turn while `goesOn` says so; see ``interleaved(_:while:_:)``.
  ///
  /// - Throws: `EngineError` for a dial that does not exist or more than the plan holds.
  func measure(_ rows: [Row], while goesOn: ([Timings]) -> Bool) throws -> [Timings] {
    for (index, row) in rows.enumerated() where index > 0 {
      try model.engine.set(row.values, slot: index)
    }
    return try interleaved(rows.count, while: { goesOn($0.map(Timings.init)) }) { index in
      (prefill: try prefill(slot: index), decode: try decode(slot: index))
    }.map(Timings.init)
  }

  /// Seconds to read the prompt and compute the logits of its last token.
  private func prefill(slot: Int) throws -> Double {
    let engine = model.engine
    let sequence = try engine.openSequence(capacity: prompt)
    defer { engine.closeSequence(sequence) }
    let rows = (0..<prompt).map { row(sequence, position: $0, slot: slot) }
    var queue = StepQueue(engine)
    return try seconds {
      for (index, row) in rows.enumerated() {
        queue.add(row, owner: index == prompt - 1 ? index : nil)
        if queue.isFull { try queue.run { _, _ in } }
      }
      try queue.run { _, _ in }
    }
  }

  /// Seconds to decode `tokens` tokens of each sequence, which are given beforehand.
  private func decode(slot: Int) throws -> Double {
    let engine = model.engine
    let open = try (0..<sequences).map { _ in try engine.openSequence(capacity: tokens) }
    defer { for sequence in open { engine.closeSequence(sequence) } }
    let steps = (0..<tokens).map { position in open.map { row($0, position: position, slot: slot) } }
    var queue = StepQueue(engine)
    return try seconds {
      for rows in steps {
        for (index, row) in rows.enumerated() {
          queue.add(row, owner: index)
          if queue.isFull { try queue.run { _, _ in } }
        }
        try queue.run { _, _ in }
      }
    }
  }

  /// Seconds that drawing one token takes with the options that `generate` has by default, a run each.
  func sampler(repetitions: Int) -> [Double] {
    guard let base = model.engine.result("logits") else { return [] }
    let logits = UnsafeBufferPointer(start: base, count: model.vocabularySize)
    var sampler = Sampler(SamplingOptions(), vocabularySize: model.vocabularySize)
    let draws = 16
    return (0..<repetitions).map { _ in
      seconds { for _ in 0..<draws { _ = sampler.sample(logits) } } / Double(draws)
    }
  }

  /// Seconds that encoding `text` takes, by token, a run each; nil where the plan has no tokenizer.
  func tokenizer(_ text: String, repetitions: Int) throws -> [Double]? {
    guard model.tokenizer != nil else { return nil }
    return try (0..<repetitions).map { _ in
      var count = 0
      let elapsed = try seconds { count = try model.encode(text).count }
      return elapsed / Double(max(count, 1))
    }
  }

  /// The most memory that this process has held so far, in bytes.
  static var peakResidentBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  private func row(_ sequence: Int32, position: Int, slot: Int) -> ActRuntime.Row {
    let token = (position * 7919 + Int(sequence) * 104_729 + 13) % model.tokenCount
    return ActRuntime.Row(
      token: Int32(token), position: Int32(position), sequence: sequence, slot: Int32(slot))
  }
}

/// Seconds that `work` takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(work).seconds
}
