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
  private let decoder: EntryModel?
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
    /// Above 1 the prediction moves away from that of the negative prompt; where the denoiser reads guidance, it is told.
    package var guidance: Double
    /// Whether predictions with and without the prompt are entries of one call.
    package var batchesGuidance = true
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
    decoder = modules[(index + 1)...].first { !has(.token, $0) }
    func resultType(_ plan: Plan) throws -> TensorType {
      guard let result = plan.results.first else { throw failure("a result of @\(plan.name)") }
      return plan.values[result.value].type
    }
    var picture = denoiser.plan.inputs.first { $0.role == .sample }!.type
    if let plan = decoder?.plan {
      guard plan.inputs.count == 1, plan.inputs[0].type.isImages else { throw failure("a decoder of images") }
      picture = try resultType(plan)
    }
    inputs = try DenoiserInputs(
      denoiser.plan.inputs, result: resultType(denoiser.plan), latents: decoder?.plan.inputs[0].type,
      wires: denoiser.plan.wires, pipeline, path: path)
    guard picture.isImages, let height = picture.shape[1].fixed, let width = picture.shape[2].fixed,
      picture.shape[3] == .fixed(3)
    else { throw failure("pictures of three channels") }
    self.denoiser = denoiser
    (self.width, self.height) = (width, height)
  }

  /// The modules, in order.
  private var modules: [EntryModel] { texts.models + [denoiser] + (decoder.map { [$0] } ?? []) }

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
    var options = pipeline.schedulerOptions(steps: request.steps)
    options.eta = request.eta
    let run = try scheduler.run(options)
    try check(steering, calls: run.timesteps.count)
    let latents = request.latents ?? Latents(seed: request.seed, samples: request.samples, shape: latentShape)
    precondition(latents.samples.count == request.samples.count && latents.shape == latentShape)
    let isGuided = pipeline.isGuided && request.guidance > 1
    let conditions = try conditions(request, isGuided: isGuided, steering)
    var denoising = Denoising(
      run, latents: latents.samples,
      noise: request.samples.map { SampleNoise(seed: request.seed, sample: $0) },
      guidance: isGuided ? .init(scale: request.guidance, isBatched: request.batchesGuidance) : nil)
    let samples = try denoising.finish(progress: progress) { call in
      try predict(
        call, conditions, guidance: request.guidance, strengths(steering, at: call.index, of: denoiser))
    }
    return try decode(samples, steering, calls: run.timesteps.count)
  }

  /// One call of the denoiser.
  private func predict(
    _ call: Denoising.Call, _ conditions: [Condition], guidance: Double, _ strengths: Steering
  ) throws -> [[Float]] {
    let entries = call.entries.map { conditions[$0.isConditional ? conditions.count - 1 : 0] }
    let tensors = inputs.tensors(samples: call.inputs, time: call.time, guidance: guidance)
      .merging(inputs.tensors(of: entries)) { $1 }
    let results = try denoiser.evaluate(EntryInputs(path: path, tensors), strengths: strengths)
    return inputs.predictions(results[0], count: entries.count)
  }

  private func decode(_ samples: [[Float]], _ steering: Steering, calls: Int) throws -> [[Float]] {
    guard let decoder else { return samples.map { $0.map { $0 / 2 + 0.5 } } }
    let strengths = strengths(steering, at: calls - 1, of: decoder)
    // One by one: a picture takes much more memory than a sample.
    return try samples.map { sample in
      let z = sample.map { Float(Double($0) / pipeline.latentScale + pipeline.latentShift) }
      let inputs = EntryInputs(path: path, [decoder.plan.inputs[0].name: .init(z, shape: [1] + latentShape)])
      return try decoder.evaluate(inputs, strengths: strengths)[0].values.map { $0 / 2 + 0.5 }
    }
  }
}
