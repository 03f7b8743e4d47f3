import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ActText
import ArgumentParser

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continues a text, or the prompts of a file.",
    discussion: """
      A text given with -p is printed as it comes. The prompts of a file are continued many together, and each text is \
      a JSON line with its prompt, tokens, seed, strengths and sampling and the hashes of plan and maps, printed or \
      added to the file -o. The same command continues a file that an interruption left unfinished; a file made with \
      other settings is refused. A text depends on its prompt, strengths and seed alone, not on what is generated \
      beside it.

      Examples:
        actrun generate SmolLM2.plan -p "Once upon a time"
        actrun generate steered.plan -p "Once upon a time" --steer football=0:1:0.5
        actrun generate steered.plan --prompts rtp.jsonl --field prompt.text \\
          --limit 100 --samples 4 --steer toxicity=0:1:0.5 -o generations.jsonl
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(name: .shortAndLong, help: "A text to continue; - reads standard input.") var prompt: String?
  @Option(name: [.customShort("n"), .long], help: "The most tokens to generate.") var tokens = 128
  @OptionGroup var generation: GenerationArguments
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "Print a text given with -p as a JSON line too.") var json = false

  func validate() throws {
    guard (1...1 << 20).contains(tokens) else { throw ValidationError("-n: expected 1 or more tokens") }
    guard (prompt == nil) != (generation.prompts == nil) else {
      throw ValidationError("expected --prompt or --prompts, one of them")
    }
  }

  func run() throws {
    let set = try generation.prompts.map { try generation.records.read($0) }
    let text = try prompt.map { $0 == "-" ? try readText("-") : $0 }
    let model = try LanguageModel(
      plan, threads: steering.threads, maximumSequences: generation.maximumSequences)
    let combinations = try steering.combinations(for: model)
    if let set {
      let prompts = try GenerationPrompt.prompts(set, model, room: tokens)
      try writeRecords(generation.sweep(model, prompts, combinations, maximumTokens: tokens), model)
    } else if let text {
      let prompt = GenerationPrompt(text: text, tokens: try model.encode(text))
      let room = model.contextLength - prompt.tokens.count
      guard room > 0 else {
        throw EngineError(
          "a prompt of \(prompt.tokens.count) tokens; the plan's context is \(model.contextLength)")
      }
      let most = min(tokens, room)
      if json || generation.output != nil {
        try writeRecords(generation.sweep(model, [prompt], combinations, maximumTokens: most), model)
      } else {
        try writeTexts(prompt, combinations, maximumTokens: most, model)
      }
    }
  }

  private func writeRecords(_ sweep: GenerationSweep, _ model: LanguageModel) throws {
    _ = try sweep.run(model, addingTo: generation.output) { record in
      // Text that cannot be delivered is not worth generating.
      if generation.output == nil, !stream(record.json.description + "\n") { try finishOutput() }
    }
  }

  /// Prints the continuations of one prompt: one as it comes, several one after another, each with what it is.
  private func writeTexts(
    _ prompt: GenerationPrompt, _ combinations: [Steering], maximumTokens: Int, _ model: LanguageModel
  ) throws {
    let sweep = GenerationSweep(
      prompts: [prompt], combinations: combinations, samples: generation.samples ?? 1,
      sampling: generation.sampling.options, maximumTokens: maximumTokens, settings: .none)
    let count = combinations.count * sweep.samples
    var decoder = model.tokenizer?.streamingDecoder()
    // The text appears with its first continuation: a request that is refused prints nothing.
    var echo = prompt.text
    var records: [GenerationRecord.Key: GenerationRecord] = [:]
    let timing = try sweep.run(
      model,
      onToken: { token in
        guard count == 1 else { return }
        stream(echo + (decoder?.append(Int(token)) ?? ""))
        echo = ""
      }, receive: { records[$0.key] = $0 })
    if count == 1 {
      stream(echo + (decoder?.finish() ?? "") + "\n")
      return note(describe(timing, texts: 1))
    }
    for strengths in combinations {
      for sample in 0..<sweep.samples {
        guard let record = records[.init(strengths: strengths, promptIndex: 0, sample: sample)] else {
          continue
        }
        let which = sweep.samples == 1 ? "" : ", sample \(sample + 1)"
        stream("--- \(steeringText(strengths))\(which)\n\(prompt.text)\(record.text)\n")
      }
    }
    note("\(count) texts: \(describe(timing, texts: count))")
  }
}

/// The expression that gives this steering, names in order.
func steeringText(_ strengths: Steering) -> String {
  if strengths.terms.isEmpty { return "unsteered" }
  return strengths.terms.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ",")
}
