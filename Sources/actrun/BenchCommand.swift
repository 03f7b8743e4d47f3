import ActEval
import ActFormats
import ActPlan
import ActRuntime
import ActTerminal
import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures how fast a plan runs, always beside the unsteered model.",
    usage: "actrun bench <plan> [<options>]",
    discussion: """
      Prefill reads a prompt; decode starts from an empty context; neither has the sampler or the tokenizer in it, \
      which are reported apart. Runs are interleaved, steered and unsteered in turn. Speeds are medians, and a cost is \
      the median of the paired ratios with its interval, at 95 % or more, from their order; a cost whose interval holds \
      0 is called unresolved. With --until the runs go on until every interval is that narrow. A map with a token scope \
      is measured as if every token were inside, a changing strength at its last, and tests of a prompt as if they held.

      A plan that reads whole entries, such as an encoder or a denoiser, is called with --input on tensors as actrun run \
      takes them, and a call is what is measured. What depends on its prompt alone is computed once before, and reported \
      apart.

      Examples:
        actrun bench steered.plan -p 512 -n 128 --steer football=1
        actrun bench steered.plan --steer football=1 --until 1% --at-most 1200
        actrun bench SmolLM2.plan --sequences 32 --json
        actrun bench unet.plan --input call.safetensors --steer anime=1
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(name: .shortAndLong, help: "Prompt tokens. (default: 512)") var prompt: Int?
  @Option(name: [.customShort("n"), .long], help: "Generated tokens, of each sequence. (default: 128)")
  var tokens: Int?
  @Option(help: "Sequences that decode together. (default: 1)") var sequences: Int?
  @Option(
    help: "A safetensors file with the inputs of a call.", completion: .file(extensions: ["safetensors"]))
  var input: String?
  @Option(name: .shortAndLong, help: "Runs of each row; with --until the fewest.") var repetitions = 11
  @Option(
    help: ArgumentHelp(
      "Go on until the interval of each cost is at most this wide, as in 1%.", valueName: "width"))
  var until: Percentage?
  @Option(help: ArgumentHelp("With --until: stop after so many seconds.", valueName: "seconds"))
  var atMost = 600.0
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "As JSON, with the seconds of every run.") var json = false

  func validate() throws {
    guard (1...1 << 24).contains(prompt ?? 1), (2...1 << 24).contains(tokens ?? 2),
      (1...1000).contains(repetitions)
    else {
      throw ValidationError("-p takes 1 or more, -n 2 or more, -r 1 to 1000")
    }
    guard (1...4096).contains(sequences ?? 1) else { throw ValidationError("--sequences takes 1 to 4096") }
    let ofTokens = [("--prompt", prompt), ("--tokens", tokens), ("--sequences", sequences)]
    if input != nil, let (option, _) = ofTokens.first(where: { $0.1 != nil }) {
      throw ValidationError("\(option): a call on --input has none")
    }
    guard atMost > 0, atMost.isFinite else { throw ValidationError("--at-most: expected above 0 seconds") }
    guard until == nil || !steering.steer.isEmpty else {
      throw ValidationError("--until: expected --steer, whose cost it measures")
    }
    try steering.validateSingle()
  }

  func run() throws {
    if let input { return try measureCalls(on: SafetensorsFile(input)) }
    let (prompt, tokens, sequences) = (prompt ?? 512, tokens ?? 128, sequences ?? 1)
    var loaded: LanguageModel?
    let loading = try seconds {
      loaded = try LanguageModel(plan, threads: steering.threads, maximumSequences: sequences)
    }
    guard let model = loaded else { return }
    let longest = max(prompt, tokens)
    guard longest <= model.contextLength else {
      throw EngineError("\(longest) tokens; the plan's context is \(model.contextLength)")
    }
    let strengths = try steering.strengths(for: model)
    var rows = [Benchmark.Row(name: "unsteered", values: SlotValues())]
    if !strengths.terms.isEmpty {
      rows.append(.init(name: steeringText(strengths), values: strengths.settled))
    }
    let benchmark = Benchmark(model: model, prompt: prompt, tokens: tokens, sequences: sequences)
    let timings = try measure { goesOn in
      try benchmark.measure(rows) { timings in
        goesOn(timings[0].prefill.count, timings.dropFirst().flatMap { $0.costs(over: timings[0]) })
      }
    }
    let text = String(
      repeating: "The lighthouse keeper climbed the stairs, and the sea was calm. ", count: 32)
    let report = BenchmarkReport(
      plan: plan, threads: model.engine.threads, prompt: prompt, tokens: tokens, sequences: sequences,
      names: rows.map(\.name), timings: timings, loading: loading,
      sampler: benchmark.sampler(repetitions: 16),
      tokenizer: try benchmark.tokenizer(text, repetitions: 8))
    noteWidth(report.isResolved(within:))
    print(json ? report.json.pretty : report.markdown, terminator: "")
  }

  private func measureCalls(on tensors: SafetensorsFile) throws {
    let benchmark = try CallBenchmark(PlanFile(plan), on: tensors, steering)
    let timings = try measure { goesOn in
      try benchmark.measure { timings in
        goesOn(timings[0].count, timings.dropFirst().map { MedianInterval(costOf: $0, over: timings[0]) })
      }
    }
    let report = CallReport(
      plan: plan, threads: benchmark.threads, names: benchmark.names, timings: timings,
      promptSeconds: benchmark.promptSeconds)
    noteWidth(report.isResolved(within:))
    print(json ? report.json.pretty : report.markdown, terminator: "")
  }

  private func noteWidth(_ isResolved: (Double) -> Bool) {
    guard let until, !isResolved(until.share) else { return }
    note("the costs' intervals are still wider than \(until) after \(fixed(atMost, 0)) s")
  }

  /// Hands `body` what decides after each round whether another follows, from the rounds so far and the costs.
  private func measure<Timings>(
    _ body: (_ goesOn: (_ runs: Int, _ costs: [MedianInterval]) -> Bool) throws -> Timings
  ) rethrows -> Timings {
    let bar = ProgressBar("measuring")
    defer { bar.finish() }
    let started = ContinuousClock.now
    return try body { runs, costs in
      guard let until else {
        bar.update(Double(runs) / Double(repetitions))
        return runs < repetitions
      }
      let elapsed = (ContinuousClock.now - started).seconds
      let widest = costs.map(\.width).max() ?? 0
      bar.update(min(elapsed / atMost, 0.99), "\(runs) runs, interval \(fixed(widest * 100, 1)) % wide")
      return runs < repetitions || (widest > until.share && elapsed < atMost)
    }
  }
}

/// A share, written `1%`.
struct Percentage: ExpressibleByArgument, CustomStringConvertible {
  /// 0.01 for 1 %.
  let share: Double

  init?(argument: String) {
    let digits = argument.hasSuffix("%") ? argument.dropLast() : argument[...]
    guard let value = Double(digits), value > 0, value.isFinite else { return nil }
    share = value / 100
  }

  var description: String { "\(share * 100) %" }
}
