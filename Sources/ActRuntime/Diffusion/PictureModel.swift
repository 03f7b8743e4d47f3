import ActDiffusion
import ActErrors
import ActFormats
import ActIR
import ActPlan
import ActText

/// The plan of a pipeline, loaded: texts in, pictures out.
///
/// Its modules are known by the roles of their inputs: encoders take tokens, the denoiser a sample and a time, and the
/// decoder what is left. What the denoiser reads of the texts comes by the plan's wires.
package final class PictureModel {
  package let pipeline: PlanPipeline
  package let scheduler: any Scheduler
  package let path: String
  private let encoders: [Encoder]
  private let denoiser: EntryModel
  private let decoder: PictureDecoder?
  private let sample, timestep: DeclaredInput
  /// C, H and W of a sample.
  package let latentShape: [Int]
  /// The size of a picture, in pixels.
  package let width, height: Int

  private struct Encoder {
    let model: EntryModel
    let tokens: DeclaredInput
    let tokenizer: Tokenizer
    let padding: Int
  }

  /// What is asked of the model.
  package struct Request: Sendable {
    package var prompt: String
    package var negativePrompt = ""
    package var steps: Int
    /// Above 1 the prediction moves away from that of the negative prompt.
    package var guidance: Double
    /// Whether predictions with and without the prompt are entries of one call.
    package var batchesGuidance = true
    /// How the predictions with the negative prompt are steered, and that prompt is read; nil: as those with the prompt.
    package var negativeSteering: Steering?
    package var seed: UInt64
    /// The indices of the samples.
    package var samples: Range<Int>
    package var eta = 0.0
    /// The first latents, normal noise; nil for those of the seed.
    package var latents: Latents?

    package init(prompt: String, steps: Int, guidance: Double, seed: UInt64, samples: Range<Int>) {
      self.prompt = prompt
      self.steps = steps
      self.guidance = guidance
      self.seed = seed
      self.samples = samples
    }
  }

  /// Loads a plan.
  ///
  /// - Parameters:
  ///   - file: the plan, mapped and checked.
  ///   - threads: by default one a processor.
  ///   - name: a scheduler in place of the plan's.
  /// - Throws: `FileError` for a plan that makes no pictures of texts; what reading the scheduler throws.
  package init(_ file: PlanFile, threads: Int? = nil, scheduler name: String? = nil) throws {
    let path = file.file.path
    self.path = path
    guard let pipeline = file.pipeline else {
      throw FileError(
        path, "pipeline", "expected the plan of a pipeline, found another",
        next: "compile the folder that has model_index.json")
    }
    self.pipeline = pipeline
    scheduler = try readScheduler(
      pipeline.scheduler, path: "\(path): pipeline.scheduler", replacedBy: name)
    let modules = try EntryPipeline(file, threads: threads).modules
    func has(_ role: InputRole, _ module: EntryModel) -> Bool {
      module.plan.inputs.contains { $0.role == role }
    }
    func failure(_ what: String) -> FileError {
      FileError(path, "plan", "expected \(what)", next: "compile it again")
    }

    encoders = try modules.filter { has(.token, $0) }.map { module in
      let name = module.plan.name
      guard let tokenizer = try file.makeTokenizer(name),
        let tokens = module.plan.inputs.first(where: { $0.role == .token })
      else { throw failure("a tokenizer of @\(name)") }
      guard let padding = try file.paddingToken(of: tokenizer, name),
        pipeline.textLength <= module.plan.contextLength,
        pipeline.textLength <= module.engine.maximumRows
      else { throw failure("@\(name) to take texts of \(pipeline.textLength) tokens, filled up") }
      return Encoder(model: module, tokens: tokens, tokenizer: tokenizer, padding: padding)
    }
    guard let index = modules.firstIndex(where: { has(.sample, $0) }) else { throw failure("a denoiser") }
    let denoiser = modules[index]
    guard let sample = denoiser.plan.inputs.first(where: { $0.role == .sample }), sample.type.isImages,
      let timestep = denoiser.plan.inputs.first(where: { $0.role == .timestep })
    else { throw failure("a denoiser of images") }
    let shape = sample.type.shape.dropFirst().map { $0.fixed! }
    let wired = denoiser.plan.wires.map(\.input)
    if let other = denoiser.plan.inputs.first(where: {
      $0.type.dtype == .f32 && $0.role == .given && !wired.contains($0.name)
    }) {
      throw FileError.unsupported(path, other.name, "the denoiser reads what no text gives")
    }
    guard denoiser.plan.results.first.map({ denoiser.plan.values[$0.value].type }) == sample.type else {
      throw FileError.unsupported(
        path, denoiser.plan.name, "a denoiser that gives more than it takes is not supported")
    }
    latentShape = [shape[2], shape[0], shape[1]]
    let decoders = modules[(index + 1)...].filter { !has(.token, $0) }
    decoder =
      decoders.isEmpty
      ? nil
      : try PictureDecoder(decoders, latentShape: latentShape, tile: pipeline.decodeTile, path: path)
    guard decoder != nil || latentShape[0] == 3 else { throw failure("pictures of three channels") }
    self.denoiser = denoiser
    (self.sample, self.timestep) = (sample, timestep)
    (width, height) = (decoder?.width ?? latentShape[2], decoder?.height ?? latentShape[1])
  }

  /// The modules, in order.
  private var modules: [EntryModel] { encoders.map(\.model) + [denoiser] + (decoder?.modules ?? []) }

  /// Checks that some module has each dial that a steering names.
  ///
  /// - Throws: `EngineError` for a dial that none has; `FileError` for conditions, which pictures have none of.
  package func check(_ steering: Steering) throws {
    let dials = modules.flatMap(\.plan.dials)
    for (name, term) in steering.terms.sorted(by: { $0.key < $1.key }) {
      guard dials.contains(name) else {
        let known = Set(dials).sorted().joined(separator: ", ")
        throw EngineError("no dial `\(name)`; " + (known.isEmpty ? "the plan has none" : "dials: \(known)"))
      }
      guard term.condition == nil else {
        throw FileError.unsupported(
          path, name, "conditions are not supported where pictures are made", next: "give a strength alone")
      }
    }
  }

  /// The strengths of a module's dials at a call of the denoiser.
  private func strengths(_ steering: Steering, at call: Int, of module: EntryModel) -> Steering {
    Steering(
      steering.terms.filter { module.plan.dials.contains($0.key) }
        .mapValues { $0.schedule.strength(ofGenerated: call) })
  }

  /// Makes pictures.
  ///
  /// - Parameters:
  ///   - request: what is asked.
  ///   - steering: strengths by dial; one that changes does so over the calls of the denoiser. The texts are read at its
  ///     first strength, and the pictures decoded at its last.
  ///   - progress: receives how many calls of how many are done.
  /// - Returns: a picture a sample, [3,H,W] in 0…1 where it is not beyond.
  /// - Throws: `SchedulerError` for steps that the scheduler cannot make; what the tokenizer and the modules throw.
  package func pictures(
    _ request: Request, steering: Steering = [:], progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws -> [[Float]] {
    try check(steering)
    if let negative = request.negativeSteering { try check(negative) }
    var options = SchedulerOptions(steps: request.steps)
    options.eta = request.eta
    let run = try scheduler.run(options)
    let latents = request.latents ?? Latents(seed: request.seed, samples: request.samples, shape: latentShape)
    precondition(latents.samples.count == request.samples.count && latents.shape == latentShape)
    let guidance =
      request.guidance > 1
      ? Denoising.Guidance(scale: request.guidance, isBatched: request.batchesGuidance) : nil
    let prompt = try states(of: request.prompt, steering)
    let negative = try guidance.map { _ in
      try states(of: request.negativePrompt, request.negativeSteering ?? steering)
    }
    let batches = batches(of: request.samples.count, guidance)
    let calls = run.timesteps.count
    var pictures: [[Float]] = []
    for (index, batch) in batches.enumerated() {
      var denoising = Denoising(
        run, latents: Array(latents.samples[batch]),
        noise: request.samples.dropFirst(batch.lowerBound).prefix(batch.count).map {
          SampleNoise(seed: request.seed, sample: $0)
        }, guidance: guidance)
      var prompts = PicturePrompts { areConditional in
        self.inputs(of: areConditional.map { $0 ? prompt : negative ?? prompt })
      }
      let samples = try denoising.finish(
        progress: { done, _ in progress(index * calls + done, batches.count * calls) },
        predict: { call in
          try predict(
            call, prompts[call],
            EntrySteering(
              [request.negativeSteering ?? steering, steering].map {
                strengths($0, at: call.index, of: denoiser)
              }, of: call.entries.map { $0.isConditional ? 1 : 0 }))
        })
      pictures += try decode(samples, steering, calls: calls)
    }
    return pictures
  }

  /// As many samples together as one call of the denoiser holds.
  private func batches(of count: Int, _ guidance: Denoising.Guidance?) -> [Range<Int>] {
    let most = denoiser.mostEntries(of: EntrySize(text: pipeline.textLength))
    let size = max(1, guidance?.isBatched == true ? most / 2 : most)
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// What the encoders make of a text, by the denoiser's inputs: rows of one entry.
  private func states(of text: String, _ steering: Steering) throws -> [String: ResultTensor] {
    var states: [String: ResultTensor] = [:]
    for encoder in encoders {
      var tokens = try encoder.tokenizer.encode(text)
      // Cut before the token that ends it.
      if tokens.count > pipeline.textLength {
        tokens = tokens.prefix(pipeline.textLength - 1) + tokens.suffix(1)
      }
      tokens += [Int](repeating: encoder.padding, count: pipeline.textLength - tokens.count)
      let inputs = EntryInputs(path: path, [encoder.tokens.name: .init(tokens)])
      let results = try encoder.model.evaluate(
        inputs, strengths: strengths(steering, at: 0, of: encoder.model))
      for wire in denoiser.plan.wires where wire.module == encoder.model.plan.name {
        states[wire.input] = results.first { $0.name == wire.result }
      }
    }
    return states
  }

  /// What the denoiser reads of the texts of entries.
  private func inputs(of entries: [[String: ResultTensor]]) -> EntryInputs {
    var tensors: [String: EntryInputs.Tensor] = [:]
    for (name, state) in entries[0] {
      tensors[name] = .init(entries.flatMap { $0[name]!.values }, shape: [entries.count] + state.shape)
    }
    return EntryInputs(path: path, tensors)
  }

  /// One call of the denoiser.
  private func predict(
    _ call: Denoising.Call, _ prompt: EntryPrompt, _ steering: EntrySteering
  ) throws -> [[Float]] {
    let count = call.entries.count
    let inputs = EntryInputs(
      path: path,
      [
        sample.name: .init(call.inputs.flatMap { $0 }, shape: [count] + latentShape),
        timestep.name: .init([Float](repeating: Float(call.time), count: count), shape: [count]),
      ])
    return try denoiser.evaluate(inputs, steering: steering, prompt: prompt)[0].values.parts(count)
  }

  private func decode(_ samples: [[Float]], _ steering: Steering, calls: Int) throws -> [[Float]] {
    guard let decoder else { return samples.map { $0.map { $0 / 2 + 0.5 } } }
    let strengths = strengths(steering, at: calls - 1, of: decoder.modules[0])
    // One by one: a picture takes much more memory than a sample.
    return try samples.map { sample in
      let z = sample.map { Float(Double($0) / pipeline.latentScale + pipeline.latentShift) }
      return try decoder.picture(of: z, strengths).map { $0 / 2 + 0.5 }
    }
  }
}

extension [Float] {
  /// Equal parts, one after another.
  fileprivate func parts(_ count: Int) -> [[Float]] {
    let size = self.count / count
    return (0..<count).map { Array(self[$0 * size..<($0 + 1) * size]) }
  }
}

extension PlanFile {
  /// The token that fills up a text, of a plan's tokenizer: the padding token, or where there is none the last.
  fileprivate func paddingToken(of tokenizer: Tokenizer, _ name: String) throws(FileError) -> Int? {
    guard let token = try tokenizerConfiguration(name)?.specialTokens["pad_token"] else {
      return tokenizer.eosToken
    }
    return tokenizer.id(of: token)
  }
}
