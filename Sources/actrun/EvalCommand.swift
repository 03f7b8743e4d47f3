import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measures what strengths do to generated text, and what they cost in fluency.",
    discussion: """
      Continues every prompt at every strength with the same seeds, as `actrun generate` does, or reads the texts that \
      it wrote. The table has the share of texts with a word of the concept; the perplexity of the texts under the \
      unsteered model, or under --judge; the share of distinct word pairs, which falls where texts go round in \
      circles; and the steered model's perplexity on held-out text. Every figure has its 95 % interval, by the \
      bootstrap over prompts (held-out: over texts).

      Examples:
        actrun eval bare.plan --prompts prompts.txt --concept words.txt
        actrun eval steered.plan --prompts prompts.txt --samples 4 \\
          --concept words.txt --held-out neutral.txt --steer football=0:1:0.5
        actrun eval steered.plan --generations generations.jsonl
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(
    help: "Measure the texts of this file, which `actrun generate -o` wrote with the plan.",
    completion: .file(extensions: ["jsonl"]))
  var generations: String?
  @Option(name: [.customShort("n"), .long], help: "The most tokens to generate. (default: 40)")
  var tokens: Int?
  @OptionGroup var generation: GenerationArguments
  @Option(help: "A file of words or phrases that show the concept, a line each.", completion: .file())
  var concept: String?
  @Option(
    help: "The plan under which the texts' perplexity is measured; by default this one, unsteered.",
    completion: .file(extensions: ["plan"]))
  var judge: String?
  @OptionGroup(title: "Held-out text") var heldOut: HeldOutArguments
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "As JSON, a line for each set of strengths.") var json = false
  @Option(help: "Write the JSON lines to this file too.", completion: .file(extensions: ["jsonl"]))
  var report: String?

  private var maximumTokens: Int { tokens ?? 40 }

  func validate() throws {
    guard (generations == nil) != (generation.prompts == nil) else {
      throw ValidationError("expected --prompts or --generations, one of them")
    }
    if generations != nil {
      let given =
        generation.given + (tokens == nil ? [] : ["--tokens"]) + (steering.steer.isEmpty ? [] : ["--steer"])
      if let option = given.first {
        throw ValidationError("\(option): expected --prompts; the texts of --generations are made already")
      }
    }
    guard (1...1 << 20).contains(maximumTokens) else {
      throw ValidationError("-n: expected 1 or more, found \(maximumTokens)")
    }
  }

  func run() throws {
    let prompts = try generation.prompts.map { try generation.records.read($0) }
    let heldOutSet = try heldOut.read()
    let matcher = try concept.map { path in
      let matcher = WordMatcher(try DataSet(reading: path).texts)
      if matcher.isEmpty { throw FileError(path, nil, "expected words, found no letter or digit") }
      return matcher
    }
    // What cannot be written is found before hours of work.
    let reportFile = try report.map { try AtomicFile($0) }
    let written = try generations.map { try GenerationFile.read($0) }
    let model = try LanguageModel(
      plan, threads: steering.threads, maximumSequences: generation.maximumSequences)
    let judge = try judge.map { try LanguageModel($0, threads: steering.threads, maximumSequences: 64) }
    var combinations = try steering.combinations(for: model)
    let heldOutTexts = try heldOutSet.map { try model.scoredTexts($0) }

    let records: [GenerationRecord]
    if let written {
      records = try read(written, model)
      combinations = combinationsInOrder(records)
    } else {
      let prompts = try prompts.map { try GenerationPrompt.prompts($0, model, room: maximumTokens) } ?? []
      let sweep = try generation.sweep(model, prompts, combinations, maximumTokens: maximumTokens)
      records = try sweep.run(model, addingTo: generation.output)
    }
    let evaluation = ContinuationEvaluation(
      judge: judge ?? model, readsText: judge != nil, concept: matcher)
    let bar = ProgressBar("measuring")
    let figures = try evaluation.figures(records, combinations) { bar.update($0) }
    let damage = try heldOutTexts.map { try model.scoreSweep($0, combinations) { bar.update($0) } }
    bar.finish()
    if let damage { noteUnmeasured(damage, promptOption: "--held-out-prompt-field") }

    let table = EvaluationTable(figures, damage).table
    let lines = table.rows.map { $0.description + "\n" }.joined()
    try reportFile?.write(lines)
    try reportFile?.commit()
    print(json ? lines : table.markdown + "\n" + legend(figures, damage), terminator: "")
  }

  /// The file's records, all of this plan.
  private func read(_ written: GenerationFile.Contents, _ model: LanguageModel) throws -> [GenerationRecord] {
    if written.hasUnfinishedLine { note("\(written.path): an unfinished line was left out") }
    let settings = try GenerationSettings(model, SamplingOptions(), maximumTokens: 0)
    for (index, record) in written.records.enumerated() {
      guard let difference = record.settings.planDifference(from: settings) else { continue }
      throw FileError(
        written.path, "line \(index + 1)", "written with another plan: \(difference)",
        next: "give the plan that wrote it")
    }
    return written.records
  }

  /// The sets of strengths of records, rising.
  private func combinationsInOrder(_ records: [GenerationRecord]) -> [Steering] {
    var counts: [Steering: Int] = [:]
    for record in records { counts[record.strengths, default: 0] += 1 }
    if let most = counts.values.max(), let least = counts.values.min(), least < most {
      note("some strengths have \(least) texts and others \(most); is the run unfinished?")
    }
    let names = Set(counts.keys.flatMap(\.terms.keys)).sorted()
    func strengths(_ steering: Steering) -> [Float] {
      names.map { steering.terms[$0]?.schedule.settled ?? 0 }
    }
    return counts.keys.sorted { a, b in
      let (x, y) = (strengths(a), strengths(b))
      return x == y ? steeringText(a) < steeringText(b) : x.lexicographicallyPrecedes(y)
    }
  }

  private func legend(_ figures: [ContinuationFigures], _ damage: [StrengthScore]?) -> String {
    let texts = figures.map(\.continuationCount).max() ?? 0
    let prompts = figures.map(\.promptCount).max() ?? 0
    let units = damage == nil ? "prompts" : "prompts, and of the held-out texts"
    return "\(texts) texts of \(prompts) prompts at each strength. \(Estimate.legend(units))"
  }
}
