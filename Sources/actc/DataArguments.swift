import ActCompile
import ActFit
import ActFormats
import ActTerminal
import ArgumentParser

/// Which samples a map is fitted on.
struct DataArguments: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Files with examples of the behaviour to leave.")
  var source: [String] = []
  @Option(parsing: .upToNextOption, help: "Files with examples of the behaviour to reach.")
  var target: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: "Instead of both: files in which a record has a source and a target; in .txt, with a tab between.")
  var pairs: [String] = []
  @Option(help: "The field that holds the text, as in text or continuation.text.") var field: String?
  @Option(help: "The same for the source alone.") var sourceField: String?
  @Option(help: "The same for the target alone.") var targetField: String?
  @Option(help: "A field that comes before the text, run as context and not pooled.") var promptField: String?
  @Option(
    parsing: .upToNextOption,
    help: "Take only records that meet all of these, as in 'toxicity>=0.75' 'label==toxic'.")
  var filter: [String] = []
  @Option(parsing: .upToNextOption, help: "The same for the source alone.") var sourceFilter: [String] = []
  @Option(parsing: .upToNextOption, help: "The same for the target alone.") var targetFilter: [String] = []
  @Option(help: "txt, jsonl, csv or tsv; by default what the name of a file tells, else txt.")
  var format: DataFormat?
  @Flag(help: "The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….")
  var noHeader = false
  @Option(help: "Take at most N samples a side.") var limit: Int?
  @Option(help: "Shuffle the samples first, by this seed.") var seed: UInt64?
  @Option(help: "Cut samples to N tokens; by default to the model's context.") var maxTokens: Int?

  func validate() throws {
    if pairs.isEmpty {
      guard !source.isEmpty, !target.isEmpty else {
        throw ValidationError("expected --source and --target, or --pairs")
      }
    } else {
      guard source.isEmpty, target.isEmpty, sourceFilter.isEmpty, targetFilter.isEmpty, field == nil else {
        throw ValidationError(
          "--pairs takes the place of --source and --target; use it with --filter, --source-field and --target-field"
        )
      }
    }
    if let limit, limit < 1 { throw ValidationError("--limit: expected 1 or more, found \(limit)") }
    if let maxTokens, maxTokens < 1 {
      throw ValidationError("--max-tokens: expected 1 or more, found \(maxTokens)")
    }
    guard (source + target + pairs).count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("expected `-`, standard input, at most once")
    }
  }

  /// Both sides as tokens, and SHA-256 of each by its name.
  func sequences(
    _ model: Model, _ tokenizer: Tokenizer, skippedPositions: Int = 0
  ) throws -> (samples: PairedSequences, hashes: [String: String]) {
    let sets = try read()
    let samples = PairedSequences(
      source: try tokens(of: sets.source, model, tokenizer, skippedPositions: skippedPositions),
      target: try tokens(of: sets.target, model, tokenizer, skippedPositions: skippedPositions))
    return (samples, ["source": sets.source.sha256, "target": sets.target.sha256])
  }

  /// Reads both sides.
  private func read() throws -> (source: DataSet, target: DataSet) {
    let sourceFields = SampleFields(text: sourceField ?? field, prompt: promptField, allowsChats: true)
    let targetFields = SampleFields(text: targetField ?? field, prompt: promptField, allowsChats: true)
    if !pairs.isEmpty {
      let sets = try PairedDataSet(
        reading: pairs, source: sourceFields, target: targetFields, options("--filter", filter))
      return (sets.source, sets.target)
    }
    let common = try options("--filter", filter)
    var (sourceOptions, targetOptions) = (common, common)
    sourceOptions.filters += try options("--source-filter", sourceFilter).filters
    targetOptions.filters += try options("--target-filter", targetFilter).filters
    return (
      try DataSet(reading: source, sourceFields, sourceOptions),
      try DataSet(reading: target, targetFields, targetOptions)
    )
  }

  /// The tokens of a data set; notes how many samples were cut.
  func tokens(
    of set: DataSet, _ model: Model, _ tokenizer: Tokenizer, skippedPositions: Int = 0
  ) throws -> [FitSequence] {
    let contextLength = model.contextLength
    if let maxTokens, maxTokens > contextLength {
      throw ValidationError(
        "--max-tokens: expected at most \(contextLength), the model's context, found \(maxTokens)")
    }
    let length = maxTokens ?? contextLength
    let samples = try TokenizedSamples(
      set, tokenizer, maximumTokens: length, skippedPositions: skippedPositions
    ) { () throws(FileError) in try ChatTemplate(directory: model.path) }
    if samples.cutCount > 0 {
      note("cut \(samples.cutCount) of \(samples.sequences.count) samples of \(set.path) to \(length) tokens")
    }
    return samples.sequences
  }

  private func options(_ name: String, _ filters: [String]) throws -> DataOptions {
    var options = DataOptions()
    options.format = format
    options.hasHeader = !noHeader
    options.limit = limit
    options.seed = seed
    options.filters = try filters.map { text in
      do { return try RecordFilter(text) } catch {
        throw ValidationError("\(name) '\(text)': \(error)")
      }
    }
    return options
  }
}

extension DataFormat: ExpressibleByArgument {}
