import ActEval
import ActFormats
import ActIR
import ActPlan
import ActRuntime
import ActTerminal

/// Times calls of a plan of whole entries, such as a denoiser, on the tensors of a file. What depends on their prompts
/// alone is computed before.
struct CallBenchmark {
  private let running: [EntryModel]
  /// What each module is given at every call, without its prompt.
  private let inputs: [EntryInputs]
  /// Of each row the prompts of the modules; nil for a module without one.
  private let prompts: [[EntryPrompt?]]
  /// The strengths of each row, the unsteered one first.
  private let rows: [Steering]

  /// Prepares calls on `tensors`, unsteered and where `steering` says so steered.
  ///
  /// - Throws: `FileError` for tensors that are no module's inputs, `EngineError` for a dial that does not exist.
  init(_ file: PlanFile, on tensors: SafetensorsFile, _ steering: SteeringOptions) throws {
    let pipeline = try EntryPipeline(file, threads: steering.threads)
    running = try pipeline.modules(for: tensors)
    let strengths = try running.map { try steering.strengths(for: $0.engine) }[0]
    let rows: [Steering] = strengths.terms.isEmpty ? [[:]] : [[:], strengths]
    var given: [EntryInputs] = []
    _ = try pipeline.evaluate(running, on: tensors, given: { given.append($0) })
    let ofPrompts = zip(running, given).map { $1.part(of: $0.plan) { $0.time == .prompt } }
    inputs = zip(running, given).map { $1.part(of: $0.plan) { $0.time == .step } }
    var prompts = rows.map { _ in ofPrompts.map { _ in EntryPrompt?.none } }
    for (module, ofPrompt) in ofPrompts.enumerated() where !running[module].plan.prompt.isEmpty {
      for row in rows.indices {
        // Rows share what no strength changes.
        let isOwn = row == 0 || running[module].engine.promptFollowsDials
        prompts[row][module] = isOwn ? EntryPrompt(ofPrompt) : prompts[0][module]
      }
    }
    self.prompts = prompts
    self.rows = rows
  }

  /// What each row is steered by.
  var names: [String] { rows.map(steeringText) }

  var threads: Int { running[0].engine.threads }

  /// The seconds that computing what depends on the prompts took, unsteered; nil where nothing does.
  var promptSeconds: Double? {
    let times = prompts[0].compactMap { $0?.preparationTime.seconds }
    return times.isEmpty ? nil : times.reduce(0, +)
  }

  /// Measures all rows in turn while `goesOn` says so: of each row the seconds of its calls; see
  /// ``interleaved(_:while:_:)``. The round that is not counted computes what depends on the prompts.
  func measure(while goesOn: ([[Double]]) -> Bool) throws -> [[Double]] {
    try interleaved(rows.count, while: goesOn) { row in
      try seconds {
        for (index, module) in running.enumerated() {
          _ = try module.evaluate(
            inputs[index], steering: EntrySteering(rows[row]), prompt: prompts[row][index])
        }
      }
    }
  }
}

extension EntryInputs {
  /// The tensors of those inputs of a plan for which `isWanted` holds, and what is no input; of a plan without a prompt
  /// all.
  fileprivate func part(of plan: Plan, _ isWanted: (DeclaredInput) -> Bool) -> EntryInputs {
    guard !plan.prompt.isEmpty else { return self }
    let others = plan.inputs.filter { !isWanted($0) }.map(\.name)
    return EntryInputs(path: path, tensors.filter { !others.contains($0.key) })
  }
}

/// What was found of calls, as Markdown and as JSON. Times are in seconds.
struct CallReport {
  var plan: String
  var threads: Int
  var names: [String]
  /// A row's each, the unsteered model first.
  var timings: [[Double]]
  /// What depends on the prompts alone, once; nil where nothing does.
  var promptSeconds: Double?

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
      "prompt_seconds": promptSeconds.map(JSON.double) ?? .null,
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
    let prompt = promptSeconds.map { "\nthe prompt's program, once: \(fixed($0 * 1e3, 2)) ms" } ?? ""
    return table.description + """

      \(threads) threads, \(Engine.instructionSet), medians of \(timings[0].count) interleaved calls\(costs)\(prompt)
      peak memory \(fixed(Double(Benchmark.peakResidentBytes) / 1e6, 0)) MB

      """
  }
}
