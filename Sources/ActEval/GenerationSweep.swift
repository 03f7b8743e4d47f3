import ActFormats
import ActRuntime
import ActText

/// A prompt, and where it comes from.
package struct GenerationPrompt: Hashable, Sendable {
  package var text: String
  /// The line of its record, from 1; nil for a prompt that is in no file.
  package var line: Int?
  package var tokens: [Int32]

  package init(text: String, line: Int? = nil, tokens: [Int32]) {
    self.text = text
    self.line = line
    self.tokens = tokens
  }

  /// The prompts of a data set: of a sample with context the context.
  ///
  /// - Throws: an error that names the line, for a prompt without tokens, or one that leaves no room for `room` tokens.
  package static func prompts(
    _ set: DataSet, _ model: LanguageModel, room: Int
  ) throws -> [GenerationPrompt] {
    try set.samples.map { sample in
      let text = sample.context.isEmpty ? sample.text : sample.context
      let tokens = try model.encode(text)
      if tokens.isEmpty { throw sample.failure("expected a prompt of at least one token, found none") }
      let most = model.contextLength - room
      guard tokens.count <= most else {
        throw sample.failure(
          "expected at most \(most) tokens, which leaves room for \(room) in the plan's context, found \(tokens.count)",
          next: "shorten it, or generate fewer tokens with -n")
      }
      return GenerationPrompt(text: text, line: sample.line, tokens: tokens)
    }
  }
}

/// Continuations of prompts: several samples of each, under one or several steerings.
///
/// A sample's text follows from its prompt, strengths and seed alone, whatever is generated beside it or before.
package struct GenerationSweep: Sendable {
  package var prompts: [GenerationPrompt]
  package var combinations: [Steering]
  package var samples: Int
  /// Its seed is that of the run.
  package var sampling: SamplingOptions
  package var maximumTokens: Int
  package var settings: GenerationSettings

  package init(
    prompts: [GenerationPrompt], combinations: [Steering], samples: Int, sampling: SamplingOptions,
    maximumTokens: Int, settings: GenerationSettings
  ) {
    self.prompts = prompts
    self.combinations = combinations
    self.samples = samples
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.settings = settings
  }

  /// Which continuations there are.
  package var keys: Set<GenerationRecord.Key> { Set(combinations.flatMap { jobs($0) }.map(\.key)) }

  /// The seed of a sample. The first sample of the first prompt has the run's own.
  package static func seed(_ seed: UInt64, promptIndex: Int, sample: Int) -> UInt64 {
    // Odd numbers far from the increment of the generator, whose streams then do not overlap.
    seed &+ UInt64(promptIndex) &* 0xD1B5_4A32_D192_ED03 &+ UInt64(sample) &* 0x8CB9_2BA7_2F3D_8DD7
  }

  /// Generates what is not done yet.
  ///
  /// - Parameters:
  ///   - model: what continues the prompts; as many together as its engine has sequences.
  ///   - done: what is there already.
  ///   - onToken: called for each token as it comes.
  ///   - receive: called for each continuation as it ends. What it throws ends the run.
  /// - Returns: how long it took.
  /// - Throws: `EngineError` for a dial that does not exist or more than the plan holds.
  @discardableResult
  package func run(
    _ model: LanguageModel, skipping done: Set<GenerationRecord.Key> = [],
    onToken: (_ token: Int32) -> Void = { _ in }, receive: (GenerationRecord) throws -> Void
  ) throws -> GenerationTiming {
    let jobs = combinations.flatMap { self.jobs($0) }.filter { !done.contains($0.key) }
    return try model.generate(
      jobs.map { request($0, model) }, onToken: { onToken($1) },
      onEnd: { try receive(record(jobs[$0], $1, model)) }
    ).timing
  }

  private struct Job {
    var strengths: Steering
    var promptIndex: Int
    var sample: Int

    var key: GenerationRecord.Key { .init(strengths: strengths, promptIndex: promptIndex, sample: sample) }
  }

  private func jobs(_ strengths: Steering) -> [Job] {
    prompts.indices.flatMap { prompt in
      (0..<samples).map { Job(strengths: strengths, promptIndex: prompt, sample: $0) }
    }
  }

  private func request(_ job: Job, _ model: LanguageModel) -> GenerationRequest {
    var request = GenerationRequest(prompt: prompts[job.promptIndex].tokens, maximumTokens: maximumTokens)
    request.strengths = job.strengths
    request.sampling = sampling
    request.sampling.seed = Self.seed(sampling.seed, promptIndex: job.promptIndex, sample: job.sample)
    request.stopTokens = model.endTokens
    return request
  }

  private func record(_ job: Job, _ generation: Generation, _ model: LanguageModel) -> GenerationRecord {
    let prompt = prompts[job.promptIndex]
    return GenerationRecord(
      promptIndex: job.promptIndex, line: prompt.line, sample: job.sample,
      seed: Self.seed(sampling.seed, promptIndex: job.promptIndex, sample: job.sample),
      strengths: job.strengths, prompt: prompt.text, text: model.decode(generation.tokens),
      tokens: generation.tokens, promptTokenCount: prompt.tokens.count, finish: generation.finish,
      settings: settings)
  }

  /// The keys of `contents`, whose prompts must be ours.
  ///
  /// - Throws: `FileError` where a continuation belongs to another prompt.
  package func keys(of contents: [GenerationRecord], path: String) throws(FileError) -> Set<
    GenerationRecord.Key
  > {
    for (index, record) in contents.enumerated() {
      guard record.promptIndex < prompts.count, record.prompt == prompts[record.promptIndex].text else {
        throw FileError(
          path, "line \(index + 1)", "continues another prompt than number \(record.promptIndex) of this run",
          next: "give another file, or the same prompts")
      }
    }
    return Set(contents.map(\.key))
  }
}
