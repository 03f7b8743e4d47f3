import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures prefill and decode, always beside the unsteered model.",
    discussion: """
      Runs are interleaved, steered and unsteered in turn; figures are medians.

      Example:
        actrun bench steered.plan -p 512 -n 128 --steer football=1
      """)

  @Argument(help: "The plan.") var plan: String
  @Option(name: .shortAndLong, help: "Prompt tokens.") var prompt = 512
  @Option(name: [.customShort("n"), .long], help: "Generated tokens.") var tokens = 128
  @Option(name: .shortAndLong, help: "Runs of each row.") var repetitions = 5
  @Option(name: .shortAndLong, help: "The form: md or json.") var output = "md"
  @OptionGroup var steering: SteeringOptions

  func validate() throws {
    guard (1...1 << 24).contains(prompt), (2...1 << 24).contains(tokens), (1...1000).contains(repetitions)
    else {
      throw ValidationError("-p takes 1 or more, -n 2 or more, -r 1 to 1000")
    }
    guard ["md", "json"].contains(output) else { throw ValidationError("-o: expected md or json") }
  }

  func run() throws {
    let model = try LanguageModel(plan, threads: steering.threads)
    guard prompt + tokens <= model.contextLength else {
      throw EngineError("\(prompt) + \(tokens) tokens; the plan's context is \(model.contextLength)")
    }
    let strengths = try steering.strengths()
    var rows: [(name: String, strengths: [String: Float])] = [("unsteered", [:])]
    if !strengths.isEmpty { rows.append((steering.steer ?? "", strengths)) }
    let tokens = (0..<prompt).map { Int32(($0 * 7919 + 13) % model.tokenCount) }
    var timings: [[GenerationTiming]] = rows.map { _ in [] }
    let bar = ProgressBar("measuring")
    // The first round warms up and is not counted.
    for round in 0...repetitions {
      for (index, row) in rows.enumerated() {
        var request = GenerationRequest(prompt: tokens, maximumTokens: self.tokens)
        request.strengths = row.strengths
        request.sampling = .greedy
        let timing = try model.generate([request]).timing
        if round > 0 { timings[index].append(timing) }
      }
      bar.update(Double(round) / Double(repetitions))
    }
    bar.finish()
    report(rows.map(\.name), timings, threads: model.engine.threads)
  }

  private func report(_ names: [String], _ timings: [[GenerationTiming]], threads: Int) {
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let prefill = timings.map { median($0.map { Double(prompt) / $0.prefill.seconds }) }
    // The first token comes with the prefill.
    let decode = timings.map { median($0.map { Double($0.generatedTokens - 1) / $0.decode.seconds }) }
    if output == "json" {
      let rows = names.indices.map { row in
        JSON.object([
          "steer": .string(names[row]), "prefill_tokens_per_second": .double(prefill[row]),
          "decode_tokens_per_second": .double(decode[row]),
        ])
      }
      print(
        JSON.object([
          "plan": .string(plan), "threads": .int(threads), "isa": .string(Engine.instructionSet),
          "prompt": .int(prompt), "tokens": .int(tokens), "repetitions": .int(repetitions),
          "rows": .array(rows),
        ]).pretty, terminator: "")
      return
    }
    var table = Table([
      "steering", "pp\(prompt) tokens/s", "tg\(tokens) tokens/s", "prefill cost", "decode cost",
    ])
    for row in names.indices {
      func cost(_ figures: [Double]) -> String {
        row == 0 ? "" : fixed((figures[0] / figures[row] - 1) * 100, 1) + " %"
      }
      table.rows.append([
        names[row], fixed(prefill[row], 1), fixed(decode[row], 1), cost(prefill), cost(decode),
      ])
    }
    print(table.description, terminator: "")
    print("\n\(threads) threads, \(Engine.instructionSet), medians of \(repetitions) interleaved runs")
  }
}
