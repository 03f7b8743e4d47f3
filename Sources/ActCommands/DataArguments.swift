import ActCompile
import ActFit
import ActFormats
import ActIR
import ActTerminal
import ActText
import ArgumentParser

/// Which samples a map is fitted on.
struct DataArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files with examples of the behaviour to leave.", valueName: "file ..."),
    completion: dataFiles)
  var source: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files with examples of the behaviour to reach.", valueName: "file ..."),
    completion: dataFiles)
  var target: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.",
      valueName: "file ..."), completion: dataFiles)
  var pairs: [String] = []
  @Option(help: ArgumentHelp("The field that holds the text, as in continuation.text.", valueName: "name"))
  var field: String?
  @Option(
    help: ArgumentHelp(
      "The field that holds the text of a source record, in place of --field.", valueName: "name"))
  var sourceField: String?
  @Option(
    help: ArgumentHelp(
      "The field that holds the text of a target record, in place of --field.", valueName: "name"))
  var targetField: String?
  @Option(
    help: ArgumentHelp(
      "The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.",
      valueName: "name"))
  var promptField: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Take only records that meet all of these conditions, as in 'toxicity>=0.75' 'label==toxic'.",
      valueName: "condition ..."))
  var filter: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Conditions that only the records of the source have to meet, besides --filter.", valueName: "condition"
    ))
  var sourceFilter: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Conditions that only the records of the target have to meet, besides --filter.", valueName: "condition"
    ))
  var targetFilter: [String] = []
  @Option(help: "The format of the data files; by default what the ending of a file's name says, else txt.")
  var format: DataFormat?
  @Flag(help: "Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.")
  var noHeader = false
  @Option(help: ArgumentHelp("Take at most N samples a side.", valueName: "n")) var limit: Int?
  @Option(
    help: """
      Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline's prompts and what is \
      appended to them have it too, or without it 0.
      """)
  var seed: UInt64?
  @Flag(
    inversion: .prefixedNo,
    help: """
      Where both sides read the same records, give each a half of them: every second one, after shuffling. By default \
      so for prompts of a pipeline, and not for other samples.
      """)
  var disjoint: Bool?
  @Option(
    help: ArgumentHelp("Cut samples to N tokens; by default to the model's context.", valueName: "n"))
  var maxTokens: Int?

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
    guard disjoint != true || areAlike else {
      throw ValidationError("--disjoint: expected the same files, fields and filters on both sides")
    }
    guard (source + target + pairs).count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("expected `-`, standard input, at most once")
    }
  }

  /// Whether both sides read the same records.
  private var areAlike: Bool {
    pairs.isEmpty && source == target && sourceFilter == targetFilter && sourceField == targetField
  }

  /// A prompt, and its place among the records of its side.
  typealias Prompt = (record: Int, text: String)

  /// The prompts of both sides for the pipeline at `path`, and SHA-256 of the files of each by its name.
  func prompts(
    of path: String
  ) throws -> (prompts: (source: [Prompt], target: [Prompt]), hashes: [String: String]) {
    if let file = (source + target + pairs).first(where: { $0.hasSuffix(TensorSamples.ending) }) {
      throw UsageError(
        "\(file): a pipeline is fitted on prompts; give a component's folder, such as \(path)/unet, for files of tensors"
      )
    }
    let given = [("--prompt-field", promptField != nil), ("--max-tokens", maxTokens != nil)]
    if let name = given.first(where: \.1)?.0 {
      throw UsageError("\(name): a pipeline reads whole prompts, and cuts them as its encoders do")
    }
    let sets = try read(allowsChats: false)
    func prompts(_ set: DataSet) throws -> [Prompt] {
      try set.samples.enumerated().map { index, sample in
        guard sample.context.isEmpty else {
          throw sample.failure(
            "expected a prompt, found a prompt and a response", next: "choose the field with --field")
        }
        return (index, sample.text)
      }
    }
    let chosen = try choose(
      prompts(sets.source), prompts(sets.target), of: sets.source.path, isDisjoint: disjoint ?? areAlike)
    return (chosen, ["source": sets.source.sha256, "target": sets.target.sha256])
  }

  /// The samples of both sides, and SHA-256 of each by its name.
  ///
  /// Files of tensors hold a model's inputs; other files hold texts.
  func samples(
    of model: Model, skippedPositions: Int = 0
  ) throws -> (samples: PairedSamples, hashes: [String: String]) {
    let files = source + target + pairs
    let tensors = files.filter { $0.hasSuffix(TensorSamples.ending) }
    if tensors.isEmpty {
      guard model.graph.declaredInputs.contains(where: { $0.role == .token }) else {
        let inputs = model.graph.declaredInputs.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        throw UsageError(
          "the model takes \(inputs), not texts; give files that end in \(TensorSamples.ending)")
      }
      return try texts(model, model.tokenizer(), skippedPositions: skippedPositions)
    }
    if let other = files.first(where: { !tensors.contains($0) }) {
      throw ValidationError("expected texts or files of tensors, found both: \(other), \(tensors[0])")
    }
    try refuseTextOptions()
    let options = try options("--filter", [])
    let sides = (
      source: try TensorSamples(source, for: model, options),
      target: try TensorSamples(target, for: model, options)
    )
    return (
      PairedSamples(source: sides.source.samples, target: sides.target.samples),
      ["source": sides.source.sha256, "target": sides.target.sha256]
    )
  }

  /// Refuses what says nothing of tensors.
  private func refuseTextOptions() throws {
    let given = [
      ("--pairs", !pairs.isEmpty), ("--field", field != nil), ("--source-field", sourceField != nil),
      ("--target-field", targetField != nil), ("--prompt-field", promptField != nil),
      ("--filter", !filter.isEmpty), ("--source-filter", !sourceFilter.isEmpty),
      ("--target-filter", !targetFilter.isEmpty), ("--format", format != nil), ("--no-header", noHeader),
      ("--max-tokens", maxTokens != nil), ("--disjoint", disjoint == true),
    ]
    if let name = given.first(where: \.1)?.0 {
      throw ValidationError("\(name): expected texts, found files of tensors")
    }
  }

  /// Both sides as tokens, and SHA-256 of each by its name.
  func texts(
    _ model: Model, _ tokenizer: Tokenizer, skippedPositions: Int = 0
  ) throws -> (samples: PairedSamples, hashes: [String: String]) {
    var sets = try read(allowsChats: true)
    (sets.source.samples, sets.target.samples) = try choose(
      sets.source.samples, sets.target.samples, of: sets.source.path, isDisjoint: disjoint ?? false)
    let samples = PairedSamples(
      source: try tokens(of: sets.source, model, tokenizer, skippedPositions: skippedPositions),
      target: try tokens(of: sets.target, model, tokenizer, skippedPositions: skippedPositions))
    return (samples, ["source": sets.source.sha256, "target": sets.target.sha256])
  }

  /// Reads all records of both sides that meet the filters.
  private func read(allowsChats: Bool) throws -> (source: DataSet, target: DataSet) {
    let sourceFields = SampleFields(
      text: sourceField ?? field, prompt: promptField, allowsChats: allowsChats)
    let targetFields = SampleFields(
      text: targetField ?? field, prompt: promptField, allowsChats: allowsChats)
    var common = try options("--filter", filter)
    (common.limit, common.seed) = (nil, nil)
    if !pairs.isEmpty {
      let sets = try PairedDataSet(reading: pairs, source: sourceFields, target: targetFields, common)
      return (sets.source, sets.target)
    }
    var (sourceOptions, targetOptions) = (common, common)
    sourceOptions.filters += try options("--source-filter", sourceFilter).filters
    targetOptions.filters += try options("--target-filter", targetFilter).filters
    return (
      try DataSet(reading: source, sourceFields, sourceOptions),
      try DataSet(reading: target, targetFields, targetOptions)
    )
  }

  /// The samples to take of both sides: pairs stay together, and where sides are disjoint each takes a half of what
  /// `path` has, which the user is told.
  private func choose<Sample>(
    _ source: [Sample], _ target: [Sample], of path: String, isDisjoint: Bool
  ) throws -> (source: [Sample], target: [Sample]) {
    let options = try options("--filter", [])
    guard isDisjoint else { return (options.choose(source), options.choose(target)) }
    guard source.count > 1 else {
      throw FileError(path, nil, "expected at least 2 records, of which each side takes half, found 1")
    }
    let halves = options.halves(source)
    note(
      "source and target take different halves of \(path): \(halves.source.count) and \(halves.target.count) "
        + "records" + (disjoint == nil ? "; --no-disjoint gives all to both" : ""))
    return halves
  }

  /// The tokens of a data set; notes how many samples were cut.
  func tokens(
    of set: DataSet, _ model: Model, _ tokenizer: Tokenizer, skippedPositions: Int = 0
  ) throws -> [FitSample] {
    let contextLength = model.contextLength
    if let maxTokens, maxTokens > contextLength {
      throw ValidationError(
        "--max-tokens: expected at most \(contextLength), the model's context, found \(maxTokens)")
    }
    let length = maxTokens ?? contextLength
    let samples = try TokenizedSamples(
      set, tokenizer, maximumTokens: length, skippedPositions: skippedPositions
    ) { () throws(FileError) in try model.chatTemplate() }
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

/// Completes the names of data files.
var dataFiles: CompletionKind { .file(extensions: DataFormat.allCases.map(\.rawValue) + ["safetensors"]) }

extension DataFormat: ExpressibleByArgument {}
