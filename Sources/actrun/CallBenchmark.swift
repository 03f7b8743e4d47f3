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

  /// Measures all rows in turn, again and again while `goesOn` says so, after one round that is not counted.
  ///
  /// Every other round goes backwards, so that a drift of the machine favours no row.
  /// - Returns: of each row the seconds of its calls; run i of every row was measured in turn with run i of the others.
  func measure(while goesOn: ([[Double]]) -> Bool) throws -> [[Double]] {
    var timings = Array(repeating: [Double](), count: rows.count)
    var round = 0
    repeat {
      for index in round.isMultiple(of: 2) ? Array(rows.indices) : rows.indices.reversed() {
        let elapsed = try seconds {
          _ = try pipeline.evaluate(running, on: tensors, strengths: { _ in rows[index] })
        }
        if round > 0 { timings[index].append(elapsed) }
      }
      round += 1
    } while round < 2 || goesOn(timings)
    return timings
  }

  /// How much longer calls take than those of `base`, as a share: the median over paired runs.
  static func cost(_ timings: [Double], over base: [Double]) -> MedianInterval {
    MedianInterval(zip(timings, base).map { $0 / $1 - 1 })
  }
}

/// What was found of calls, as Markdown and as JSON. Times are in seconds.
struct CallReport {
  var plan: String
  var threads: Int
  var names: [String]
  /// A row's each, the unsteered model first.
  var timings: [[Double]]

  private func cost(_ row: Int) -> MedianInterval { CallBenchmark.cost(timings[row], over: timings[0]) }

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
    let costs =
      names.count == 1
      ? "" : "\ncosts are medians of paired ratios; in brackets their intervals, at 95 % or more"
    return table.description + """

      \(threads) threads, \(Engine.instructionSet), medians of \(timings[0].count) interleaved calls\(costs)
      peak memory \(fixed(Double(Benchmark.peakResidentBytes) / 1e6, 0)) MB

      """
  }
}
