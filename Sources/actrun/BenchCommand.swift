import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures prefill and decode, always beside the unsteered model.",
    usage: "actrun bench <plan> [<options>]",
    discussion: """
      Prefill reads a prompt; decode starts from an empty context; neither has the sampler or the tokenizer in it, \
      which are reported apart. Runs are interleaved, steered and unsteered in turn. Speeds are medians, and a cost is \
      the median of the paired ratios with its interval, at 95 % or more, from their order; a cost whose interval holds \
      0 is called unresolved. With --until the runs go on until every interval is that narrow. A map with a token scope \
      is measured as if every token were inside, a changing strength at its last, and tests of a prompt as if they held.

      Examples:
        actrun bench steered.plan -p 512 -n 128 --steer football=1
        actrun bench steered.plan --steer football=1 --until 1% --at-most 1200
        actrun bench SmolLM2.plan --sequences 32 --json
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(name: .shortAndLong, help: "Prompt tokens.") var prompt = 512
  @Option(name: [.customShort("n"), .long], help: "Generated tokens, of each sequence.") var tokens = 128
  @Option(help: "Sequences that decode together.") var sequences = 1
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
    guard (1...1 << 24).contains(prompt), (2...1 << 24).contains(tokens), (1...1000).contains(repetitions)
    else {
      throw ValidationError("-p takes 1 or more, -n 2 or more, -r 1 to 1000")
    }
    guard (1...4096).contains(sequences) else { throw ValidationError("--sequences takes 1 to 4096") }
    guard atMost > 0, atMost.isFinite else { throw ValidationError("--at-most: expected above 0 seconds") }
    guard until == nil || !steering.steer.isEmpty else {
      throw ValidationError("--until: expected --steer, whose cost it measures")
    }
    try steering.validateSingle()
  }

  func run() throws {
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
    let timings = try measure(benchmark, rows)
    let text = String(
      repeating: "The lighthouse keeper climbed the stairs, and the sea was calm. ", count: 32)
    let report = BenchmarkReport(
      plan: plan, threads: model.engine.threads, prompt: prompt, tokens: tokens, sequences: sequences,
      names: rows.map(\.name), timings: timings, loading: loading,
      sampler: benchmark.sampler(repetitions: 16),
      tokenizer: try benchmark.tokenizer(text, repetitions: 8))
    if let until, !report.isResolved(within: until.share) {
      note("the costs' intervals are still wider than \(until) after \(fixed(atMost, 0)) s")
    }
    print(json ? report.json.pretty : report.markdown, terminator: "")
  }

  private func measure(_ benchmark: Benchmark, _ rows: [Benchmark.Row]) throws -> [Benchmark.Timings] {
    let bar = ProgressBar("measuring")
    defer { bar.finish() }
    let started = ContinuousClock.now
    return try benchmark.measure(rows) { timings in
      let runs = timings[0].prefill.count
      guard let until else {
        bar.update(Double(runs) / Double(repetitions))
        return runs < repetitions
      }
      let elapsed = (ContinuousClock.now - started).seconds
      let widest = timings.dropFirst().flatMap { $0.costs(over: timings[0]) }.map(\.width).max() ?? 0
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
