import ActEval
import ActFormats
import ActPlan
import ActRuntime
import ActTerminal

/// Times calls of a plan of whole entries, such as a denoiser, on the tensors of a file.
struct CallBenchmark {
  private let pipeline: EntryPipeline
  private let running: [EntryModel]
  private let tensors: SafetensorsFile
  /// The strengths of each row, the unsteered one first.
  private let rows: [Steering]

  /// Prepares calls on `tensors`, unsteered and where `steering` says so steered.
  ///
  /// - Throws: `FileError` for tensors that are no module's inputs, `EngineError` for a dial that does not exist.
  init(_ file: PlanFile, on tensors: SafetensorsFile, _ steering: SteeringOptions) throws {
    pipeline = try EntryPipeline(file, threads: steering.threads)
    running = try pipeline.modules(for: tensors)
    self.tensors = tensors
    let strengths = try running.map { try steering.strengths(for: $0.engine) }[0]
    rows = strengths.terms.isEmpty ? [[:]] : [[:], strengths]
  }

  /// What each row is steered by.
  var names: [String] { rows.map(steeringText) }

  var threads: Int { running[0].engine.threads }

  /// Measures all rows in turn while `goesOn` says so: of each row the seconds of its calls; see
  /// ``interleaved(_:while:_:)``.
  func measure(while goesOn: ([[Double]]) -> Bool) throws -> [[Double]] {
    try interleaved(rows.count, while: goesOn) { row in
      try seconds { _ = try pipeline.evaluate(running, on: tensors, strengths: { _ in rows[row] }) }
    }
  }
}

/// What was found of calls, as Markdown and as JSON. Times are in seconds.
struct CallReport {
  var plan: String
  var threads: Int
  var names: [String]
  /// A row's each, the unsteered model first.
  var timings: [[Double]]

  private func cost(_ row: Int) -> MedianInterval { MedianInterval(costOf: timings[row], over: timings[0]) }

  /// Whether the interval of every cost is at most so wide.
  func isResolved(within width: Double) -> Bool {
    names.indices.dropFirst().allSatisfy { cost($0).width <= width }
  }

  var json: JSON {
    let rows = names.indices.map { row in
      JSON.object([
        "steer": .string(names[row]), "call_seconds": .double(MedianInterval(timings[row]).median),
        "cost": .double(cost(row).median), "cost_interval": cost(row).intervalJSON,
        "seconds": .array(timings[row].map(JSON.double)),
      ])
    }
    return .object([
      "plan": .string(plan), "threads": .int(threads), "isa": .string(Engine.instructionSet),
      "repetitions": .int(timings[0].count), "rows": .array(rows),
      "peak_resident_bytes": .int(Benchmark.peakResidentBytes),
    ])
  }

  var markdown: String {
    var table = Table(["steering", "ms a call", "cost"])
    for row in names.indices {
      let milliseconds = fixed(MedianInterval(timings[row]).median * 1e3, 2)
      table.rows.append([names[row], milliseconds, row == 0 ? "" : cost(row).costText])
    }
    let costs = names.count == 1 ? "" : MedianInterval.costLegend
    return table.description + """

      \(threads) threads, \(Engine.instructionSet), medians of \(timings[0].count) interleaved calls\(costs)
      peak memory \(fixed(Double(Benchmark.peakResidentBytes) / 1e6, 0)) MB

      """
  }
}
