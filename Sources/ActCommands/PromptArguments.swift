import ActDiffusion
import ActFit
import ActFormats
import ActTerminal
import ArgumentParser

/// How prompts become samples of a network of a pipeline.
struct PromptArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file of phrases, some of which are appended to every source prompt, after commas.",
      valueName: "file"), completion: dataFiles)
  var appendSource: String?
  @Option(
    help: ArgumentHelp(
      "A file of phrases, some of which are appended to every target prompt, after commas.",
      valueName: "file"), completion: dataFiles)
  var appendTarget: String?
  @Option(
    help: ArgumentHelp(
      "Append the first N phrases to every prompt; by default none.", valueName: "n"))
  var appendFixed: Int?
  @Option(
    help: ArgumentHelp(
      "Append N of the other phrases, drawn for each prompt by the seed; by default one.", valueName: "n"))
  var appendDrawn: Int?
  @Option(
    help: """
      The steps of denoising at which the denoiser's activations become samples: \(DenoisingSteps.expected). By default \
      0, the noisiest.
      """)
  var steps: DenoisingSteps?
  @Option(
    help: ArgumentHelp(
      "How many steps the run has of which --steps are some; by default as many as the pipeline's.",
      valueName: "n"))
  var ofSteps: Int?
  @Option(help: "The steps of denoising at which the map acts, as --steps says them; by default all.")
  var applySteps: DenoisingSteps?
  @Option(
    help: ArgumentHelp("A scheduler in place of the pipeline's.", valueName: "class"),
    completion: .list(schedulerNames))
  var scheduler: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Map files of the pipeline's text encoders, which act at strength 1 while prompts are read.",
      valueName: "file ..."), completion: .file(extensions: ["safetensors"]))
  var encoderMaps: [String] = []

  func validate() throws {
    for (name, count) in [("--append-fixed", appendFixed), ("--append-drawn", appendDrawn)] {
      guard let count else { continue }
      guard appendSource != nil || appendTarget != nil else {
        throw ValidationError("\(name): expected --append-source or --append-target beside it")
      }
      guard (0...1000).contains(count) else {
        throw ValidationError("\(name): expected 0 to 1000, found \(count)")
      }
    }
    if appended.fixed + appended.drawn == 0 {
      throw ValidationError("--append-fixed and --append-drawn: expected at least one phrase, found none")
    }
    if let ofSteps, ofSteps < 1 { throw ValidationError("--of-steps: expected 1 or more, found \(ofSteps)") }
  }

  /// How many phrases are appended.
  var appended: PromptDescription.Appended {
    .init(fixed: appendFixed ?? 0, drawn: appendDrawn ?? 1)
  }

  /// Whether something is appended on either side.
  var appends: Bool { appendSource != nil || appendTarget != nil }

  /// The phrases of each side; nil for a side without.
  func phrases() throws -> (source: AppendedPhrases?, target: AppendedPhrases?) {
    (
      try appendSource.map { try AppendedPhrases(reading: $0, appended) },
      try appendTarget.map { try AppendedPhrases(reading: $0, appended) }
    )
  }

  /// The options of a fit whose seed is `seed`.
  func options(seed: UInt64) throws -> PromptOptions {
    var options = PromptOptions()
    options.seed = seed
    if let steps { options.steps = steps }
    options.runSteps = ofSteps
    options.scheduler = scheduler
    options.encoderMaps = try encoderMaps.map { ($0, try MapFile(reading: $0)) }
    return options
  }

  /// The first of the options that is given; nil where none is.
  var given: String? {
    [("--append-source", appendSource != nil), ("--append-target", appendTarget != nil)].first(where: \.1)?.0
      ?? givenOfRun
  }

  /// The first given of those that say how a denoiser is run; nil where none is.
  var givenOfRun: String? {
    [
      ("--steps", steps != nil), ("--of-steps", ofSteps != nil), ("--apply-steps", applySteps != nil),
      ("--scheduler", scheduler != nil), ("--encoder-maps", !encoderMaps.isEmpty),
    ].first(where: \.1)?.0
  }
}

extension DenoisingSteps: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
