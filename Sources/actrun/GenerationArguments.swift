import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

/// The prompts of a file and how each is continued, the same for `generate` and `eval`.
struct GenerationArguments: ParsableArguments {
  @Option(help: "A data file of prompts to continue, by default a line each.", completion: .file())
  var prompts: String?
  @OptionGroup(title: "Records of the data file") var records: RecordArguments
  @Option(
    name: [.long, .customLong("seeds")], help: "Samples of each prompt, each with its own seed. (default: 1)")
  var samples: Int?
  @Option(help: "The most texts to generate together. (default: 64)") var sequences: Int?
  @Option(
    name: .shortAndLong,
    help: "Add the texts to this file, as JSON lines; a run that was interrupted goes on where it stopped.",
    completion: .file(extensions: ["jsonl"]))
  var output: String?
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments

  func validate() throws {
    if let samples, !(1...1_000_000).contains(samples) {
      throw ValidationError("--samples: expected 1 to 1000000, found \(samples)")
    }
    if let sequences, !(1...4096).contains(sequences) {
      throw ValidationError("--sequences: expected 1 to 4096, found \(sequences)")
    }
    if prompts == nil, let option = records.given.first {
      throw ValidationError("\(option): expected --prompts, whose records it chooses")
    }
  }

  var maximumSequences: Int { sequences ?? 64 }

  /// The options that were given, --prompts and those that choose its records apart.
  var given: [String] {
    (samples == nil ? [] : ["--samples"]) + (sequences == nil ? [] : ["--sequences"])
      + (output == nil ? [] : ["--output"]) + sampling.given
  }

  func sweep(
    _ model: LanguageModel, _ prompts: [GenerationPrompt], _ combinations: [Steering],
    maximumTokens: Int
  ) throws -> GenerationSweep {
    GenerationSweep(
      prompts: prompts, combinations: combinations, samples: samples ?? 1, sampling: sampling.options,
      maximumTokens: maximumTokens,
      settings: try GenerationSettings(model, sampling.options, maximumTokens: maximumTokens))
  }
}

extension GenerationSweep {
  /// Generates what the file does not hold yet, adds it to it, and returns all of the sweep's texts.
  ///
  /// It notes how many texts were there, and how fast the others came.
  func run(
    _ model: LanguageModel, addingTo path: String?, receive: (GenerationRecord) throws -> Void = { _ in }
  ) throws -> [GenerationRecord] {
    let file = try path.map { try GenerationFile(addingTo: $0, settings: settings) }
    let done = try file.map { try keys(of: $0.records, path: $0.path) } ?? []
    let wanted = keys
    var records = (file?.records ?? []).filter { wanted.contains($0.key) }
    let left = wanted.count - records.count
    if let file, !file.records.isEmpty {
      let dropped = file.hadUnfinishedLine ? "; an unfinished line was dropped" : ""
      note("\(file.path): \(records.count) of \(wanted.count) texts are there\(dropped)")
    }
    let bar = ProgressBar("generating")
    var spent = 0
    let timing = try run(
      model, skipping: done,
      onToken: { _ in
        spent += 1
        bar.update(Double(spent) / Double(left * maximumTokens), "\(records.count) of \(wanted.count) texts")
      },
      receive: { record in
        // A text that ended early takes no more.
        spent += maximumTokens - record.tokens.count
        try file?.append(record)
        records.append(record)
        try receive(record)
      })
    bar.finish()
    try file?.finish()
    if left > 0 { note("\(left) \(left == 1 ? "text" : "texts"): \(describe(timing, texts: left))") }
    return records
  }
}

/// How many tokens were read and generated, and how fast.
func describe(_ timing: GenerationTiming, texts: Int) -> String {
  // The first token of each text comes with its prompt.
  let decoded = Double(max(timing.generatedTokens - texts, 0))
  return """
    \(timing.promptTokens) prompt tokens in \(fixed(timing.prefill.seconds, 3)) s; \
    \(timing.generatedTokens) tokens at \(fixed(decoded / max(timing.decode.seconds, 1e-9), 1)) tokens/s
    """
}
