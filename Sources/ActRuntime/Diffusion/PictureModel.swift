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
  let texts: PictureTexts
  let denoiser: EntryModel
  private let inputs: DenoiserInputs
  private let decoder: PictureDecoder?
  /// The size of a picture, in pixels.
  package let width, height: Int

  /// C, H and W of a sample.
  package var latentShape: [Int] { inputs.sampleShape }

  /// What is asked of the model.
  package struct Request: Sendable {
    package var prompt: String
    /// What the picture is to be unlike; nil for nothing.
    package var negativePrompt: String?
    package var steps: Int
    /// Above the pipeline's plain guidance the prediction moves away from that of the negative prompt; where the denoiser
    /// reads guidance, it is told.
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

    guard let index = modules.firstIndex(where: { has(.sample, $0) }) else { throw failure("a denoiser") }
    let denoiser = modules[index]
    texts = try PictureTexts(file, pipeline, Array(modules[..<index]), for: denoiser.plan)
    let decoders = modules[(index + 1)...].filter { !has(.token, $0) }
    guard decoders.first?.plan.inputs.isEmpty != true else { throw failure("a decoder of images") }
    let inputs = try DenoiserInputs(
      denoiser.plan.inputs, result: denoiser.plan.results.first.map { denoiser.plan.values[$0.value].type },
      latents: decoders.first?.plan.inputs[0].type, wires: denoiser.plan.wires, pipeline, path: path)
    if let rows = inputs.imageRows, rows > denoiser.plan.limit("P") ?? 0 {
      throw failure("a denoiser of \(rows) rows of an image")
    }
    let shape = inputs.sampleShape
    guard [pipeline.latentScales, pipeline.latentShifts].allSatisfy({ [1, shape[0]].contains($0.count) })
    else {
      throw failure("a scale and a shift of latents, or one for each of \(shape[0]) channels")
    }
    decoder =
      decoders.isEmpty
      ? nil : try PictureDecoder(decoders, latentShape: shape, tile: pipeline.decodeTile, path: path)
    guard decoder != nil || shape[0] == 3 else { throw failure("pictures of three channels") }
    self.denoiser = denoiser
    self.inputs = inputs
    (width, height) = (decoder?.width ?? shape[2], decoder?.height ?? shape[1])
  }

  /// The modules, in order.
  private var modules: [EntryModel] { texts.models + [denoiser] + (decoder?.modules ?? []) }

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

  /// The strengths of a module's dials at a call of the denoiser, without those of maps that act at others.
  func strengths(_ steering: Steering, at call: Int, of module: EntryModel) -> Steering {
    Steering(
      steering.terms.filter { name, _ in
        module.plan.dials.contains(name) && pipeline.mapSteps[name]?.contains(call) != false
      }.mapValues { $0.schedule.strength(ofGenerated: call) })
  }

  /// Checks that each map that a steering turns acts at a call of a run of so many.
  ///
  /// - Throws: `EngineError` for one that would do nothing.
  private func check(_ steering: Steering, calls: Int) throws {
    for (name, term) in steering.terms.sorted(by: { $0.key < $1.key }) where !term.schedule.isOff {
      guard let steps = pipeline.mapSteps[name], steps.indices(of: calls).isEmpty else { continue }
      throw EngineError("`\(name)` acts at steps \(steps), of which a run of \(calls) has none")
    }
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
    var options = pipeline.schedulerOptions(steps: request.steps)
    options.eta = request.eta
    let run = try scheduler.run(options)
    try check(steering, calls: run.timesteps.count)
    if let negative = request.negativeSteering { try check(negative, calls: run.timesteps.count) }
    let latents = request.latents ?? Latents(seed: request.seed, samples: request.samples, shape: latentShape)
    precondition(latents.samples.count == request.samples.count && latents.shape == latentShape)
    let guidance =
      isGuided(request)
      ? Denoising.Guidance(
        scale: 1 + request.guidance - pipeline.plainGuidance, isBatched: request.batchesGuidance) : nil
    let conditions = try conditions(request, isGuided: guidance != nil, steering)
    let batches = batches(of: request.samples.count, conditions, guidance)
    let calls = run.timesteps.count
    var pictures: [[Float]] = []
    for (index, batch) in batches.enumerated() {
      var denoising = Denoising(
        run, latents: Array(latents.samples[batch]),
        noise: request.samples.dropFirst(batch.lowerBound).prefix(batch.count).map {
          SampleNoise(seed: request.seed, sample: $0)
        }, guidance: guidance)
      var prompts = PicturePrompts { areConditional in
        let entries = areConditional.map { conditions[$0 ? conditions.count - 1 : 0] }
        return EntryInputs(path: self.path, self.inputs.tensors(of: entries, guidance: request.guidance))
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

  /// Whether predictions move away from those of a negative prompt, which are made too.
  package func isGuided(_ request: Request) -> Bool {
    pipeline.isGuided && request.guidance > pipeline.plainGuidance
  }

  /// As many samples together as one call of the denoiser holds.
  private func batches(
    of count: Int, _ conditions: [Condition], _ guidance: Denoising.Guidance?
  ) -> [Range<Int>] {
    let most = conditions.map { denoiser.mostEntries(of: inputs.size(of: $0)) }.min() ?? 1
    let size = max(1, guidance?.isBatched == true ? most / 2 : most)
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// One call of the denoiser.
  private func predict(
    _ call: Denoising.Call, _ prompt: EntryPrompt, _ steering: EntrySteering
  ) throws -> [[Float]] {
    let tensors = inputs.tensors(samples: call.inputs, time: call.time)
    let results = try denoiser.evaluate(EntryInputs(path: path, tensors), steering: steering, prompt: prompt)
    return inputs.predictions(results[0], count: call.entries.count)
  }

  private func decode(_ samples: [[Float]], _ steering: Steering, calls: Int) throws -> [[Float]] {
    guard let decoder else { return samples.map { $0.map { $0 / 2 + 0.5 } } }
    let strengths = strengths(steering, at: calls - 1, of: decoder.modules[0])
    // One by one: a picture takes much more memory than a sample.
    return try samples.map { sample in
      try decoder.picture(of: pipeline.decoderInput(sample, channels: latentShape[0]), strengths).map {
        $0 / 2 + 0.5
      }
    }
  }
}
