import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActTerminal
import ArgumentParser

struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit", abstract: "Fits a map from source to target behaviour at the sites of a model.",
    discussion: """
      Data sets are .txt files, a line a sample, .jsonl files of {"text": …}, or .csv and .tsv files; - is standard
      input. Where a record has a prompt and a response, both are run and the response is pooled; a record's
      `messages` are laid out by the model's chat template.

      Examples:
        actc fit SmolLM2 --source neutral.txt --target football.txt --sites '*o_proj' -o football.maps.safetensors
        actc fit SmolLM2 --source a.txt --target b.txt --method mean-act --sites '*layernorm' --simultaneous \\
          --support q0-100 -o ab.maps.safetensors
        actc fit SmolLM2 --source rtp.jsonl --target rtp.jsonl --prompt-field prompt.text --field continuation.text \\
          --source-filter 'continuation.toxicity>=0.75' --target-filter 'continuation.toxicity<0.25' --limit 500 --seed 1 \\
          -o toxicity.maps.safetensors
        actc fit SmolLM2 --pairs paradetox.tsv --source-field toxic --target-field neutral1 -o polite.maps.safetensors
      """)

  @Argument(help: "The model's directory.") var model: String
  @OptionGroup(title: "Data") var data: DataArguments
  @Option(help: "The method; see `actc methods`.") var method = "linear-act"
  @Option(parsing: .upToNextOption, help: "Sites: globs, or re: and a regular expression, over whole names.")
  var sites: [String] = ["*.self_attn.o_proj"]
  @Flag(help: "Fit every site on the bare model; by default a site sees all earlier sites transported.")
  var simultaneous = false
  @Option(help: "Where the map applies: all, or between quantiles of the source, as in q0-100.") var support =
    "all"
  @Option(help: "How a sample's tokens become one vector: mean, last, min, max; or all, each a sample.")
  var pooling = "mean"
  @Option(help: "The tokens to which the map applies: all, prompt, generated, last, or positions as in 4-9.")
  var scope = "all"
  @Option(help: "Leave the first N positions of a sequence out of the fit and alone when steering.")
  var skipFirst = 0
  @Option(name: .shortAndLong, help: "The map file to write.") var output: String
  @Option(help: "The memory that the fit may use, as in 8GiB; by default half of the machine's.")
  var memory: ByteCount?
  @Option(help: "Write a plot of the distance from source to target by layer, as SVG.") var plot: String?
  @Flag(help: "Print the summary of the fit as JSON.") var json = false
  @Option(name: .shortAndLong, help: "Threads; by default one a processor.") var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
    if let memory, memory.bytes < FitMemory.least {
      throw ValidationError("--memory: expected at least \(FitMemory.least >> 20)MiB")
    }
  }

  func run() throws {
    var options = FitOptions(method: try chosenMethod())
    guard let support = Support(support) else {
      throw ValidationError("--support: expected all or qLOW-HIGH as in q0-100, found `\(support)`")
    }
    guard let pooling = FitOptions.Pooling(rawValue: pooling) else {
      throw ValidationError("--pooling: expected mean, last, min, max or all, found `\(pooling)`")
    }
    guard (0...4096).contains(skipFirst), let scope = TokenScope(scope, skippedPositions: skipFirst) else {
      throw ValidationError(
        "--scope: expected all, prompt, generated, last or positions as in 4-9; --skip-first: 0 to 4096")
    }
    options.support = support
    options.scope = scope
    options.pooling = pooling
    options.order = simultaneous ? .simultaneous : .causal
    options.threads = threads
    options.memory = memory?.bytes
    options.output = output

    let model = try Model(self.model)
    let sites = try model.sites(matching: self.sites)
    let tokenizer = try Tokenizer(directory: self.model)
    let sets = try data.read()
    func tokens(_ set: DataSet) throws -> [FitSequence] {
      try data.tokens(of: set, model, tokenizer, skippedPositions: skipFirst)
    }
    let samples = PairedSequences(source: try tokens(sets.source), target: try tokens(sets.target))

    // A place that cannot be written is found out before the long work.
    _ = try AtomicFile(output)
    if let plot { _ = try AtomicFile(plot) }
    let widths = Dictionary(model.sites.map { ($0.name, $0.type.shape.last?.fixed ?? 0) }) { $1 }
    options.report = FitReport(byteCount: 256 << 20, widths: sites.map { widths[$0] ?? 0 })
    let bar = ProgressBar("fitting")
    let started = ContinuousClock.now
    var file = try fit(
      model, samples, sites: sites, options: options, progress: { bar.update($0.share, $0.site) }, note: note)
    bar.finish()
    file.dataHashes = ["source": sets.source.sha256, "target": sets.target.sha256]
    try file.write(to: output)
    let summary = FitSummary(file, options)
    if let plot { try AtomicFile.write(summary.plot.svg, to: plot) }
    try removePartialFit(beside: output)
    let gated = file.gatedChannels.values.reduce(0, +)
    let channels = file.sites.reduce(0) { $0 + $1.width }
    note(
      """
      wrote \(output): \(file.method), \(sites.count) sites, \(samples.source.count) source and \
      \(samples.target.count) target samples, \(gated) of \(channels) channels by mean shift alone, \
      \(fixed((ContinuousClock.now - started).seconds, 1)) s
      """)
    if json { print(summary.json.pretty, terminator: "") } else { note(String(summary.text.dropLast())) }
  }

  private func chosenMethod() throws -> SteeringMethod {
    guard let method = registeredMethods.first(where: { $0.name == method }) else {
      let known = registeredMethods.map(\.name).joined(separator: ", ")
      throw ValidationError("--method: no method `\(method)`; methods: \(known)")
    }
    return method
  }
}
