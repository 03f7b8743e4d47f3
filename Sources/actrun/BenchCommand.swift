import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures prefill and decode, always beside the unsteered model.",
    discussion: """
      Prefill reads a prompt; decode starts from an empty context; neither has the sampler or the tokenizer in it, \
      which are reported apart. Runs are interleaved, steered and unsteered in turn; figures are medians, and costs \
      are medians of paired ratios. A map with a token scope is measured as if every token were inside.

      Examples:
        actrun bench steered.plan -p 512 -n 128 --steer football=1
        actrun bench SmolLM2.plan --sequences 32 -o json
      """)

  @Argument(help: "The plan.") var plan: String
  @Option(name: .shortAndLong, help: "Prompt tokens.") var prompt = 512
  @Option(name: [.customShort("n"), .long], help: "Generated tokens, of each sequence.") var tokens = 128
  @Option(help: "Sequences that decode together.") var sequences = 1
  @Option(name: .shortAndLong, help: "Runs of each row.") var repetitions = 5
  @Option(name: .shortAndLong, help: "The form: md or json.") var output = "md"
  @OptionGroup var steering: SteeringOptions

  func validate() throws {
    guard (1...1 << 24).contains(prompt), (2...1 << 24).contains(tokens), (1...1000).contains(repetitions)
    else {
      throw ValidationError("-p takes 1 or more, -n 2 or more, -r 1 to 1000")
    }
    guard (1...4096).contains(sequences) else { throw ValidationError("--sequences takes 1 to 4096") }
    guard ["md", "json"].contains(output) else { throw ValidationError("-o: expected md or json") }
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
    let strengths = try steering.strengths()
    var rows = [Benchmark.Row(name: "unsteered", strengths: [:])]
    if !strengths.isEmpty { rows.append(.init(name: steering.steer ?? "", strengths: strengths)) }
    let benchmark = Benchmark(model: model, prompt: prompt, tokens: tokens, sequences: sequences)
    let bar = ProgressBar("measuring")
    let timings = try benchmark.measure(rows, repetitions: repetitions) { bar.update($0) }
    bar.finish()
    let text = String(
      repeating: "The lighthouse keeper climbed the stairs, and the sea was calm. ", count: 32)
    let report = BenchmarkReport(
      plan: plan, threads: model.engine.threads, prompt: prompt, tokens: tokens, sequences: sequences,
      names: rows.map(\.name), timings: timings, loading: loading,
      sampler: benchmark.sampler(repetitions: 16),
      tokenizer: try benchmark.tokenizer(text, repetitions: 8))
    print(output == "json" ? report.json.pretty : report.markdown, terminator: "")
  }
}
