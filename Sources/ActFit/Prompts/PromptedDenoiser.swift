import ActCompile
import ActDiffusion
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// A pipeline's denoiser that is fitted on prompts: each sample is what it is given at a call of a run that nothing
/// steers and nothing guides.
package struct PromptedDenoiser {
  package let model: Model
  /// The run, as files say it.
  package let described: PromptDescription.Run
  private let pipeline: Pipeline
  private let planned: PlanPipeline
  private let networks: [Model]
  private let options: PromptOptions
  private let run: any SchedulerRun
  private let inputs: DenoiserInputs
  /// What prompts name, where they are classes of images.
  private let classes: ImageClasses?
  /// The calls at which samples are taken, ascending.
  private let calls: [Int]

  /// Checks what is asked of the run, before anything is compiled.
  ///
  /// - Parameters:
  ///   - pipeline: the pipeline.
  ///   - networks: its networks, with the wires between them.
  ///   - planned: how they make pictures.
  ///   - model: the one of them that is fitted.
  ///   - options: the run, and which of its steps become samples.
  /// - Throws: `FileError` for a pipeline whose denoiser reads what no text gives, `UsageError` for steps that the run
  ///   does not have, `SchedulerError` for a run that the scheduler cannot make.
  package init(
    _ pipeline: Pipeline, _ networks: [Model], _ planned: PlanPipeline, model: Model, _ options: PromptOptions
  ) throws {
    let scheduler = try readScheduler(
      planned.scheduler, path: "\(pipeline.folder.path): scheduler", replacedBy: options.scheduler)
    let count = options.runSteps ?? planned.steps
    run = try scheduler.run(planned.schedulerOptions(steps: count))
    let most = run.timesteps.count
    calls = options.steps.indices(of: most)
    guard !calls.isEmpty, options.steps.last.map({ $0 < most }) ?? true else {
      throw UsageError(
        "--steps: expected steps of 0 to \(most - 1), which the run has, found \(options.steps); "
          + "--of-steps says how many a run has")
    }
    described = PromptDescription.Run(
      scheduler: type(of: scheduler).name, count: count, steps: options.steps)
    let graph = model.graph
    let decoder = networks.drop { $0.graph.name != graph.name }.dropFirst().first
    inputs = try DenoiserInputs(
      graph.declaredInputs, result: graph.results.first.map { graph.type($0.value) },
      latents: decoder?.graph.declaredInputs[0].type, wires: model.wires, planned, path: model.path)
    classes = graph.declaredInputs.first { $0.role == .label }.map { input in
      ImageClasses(planned, count: (graph.limit(ofInput: input.name) ?? 1) - 1)
    }
    self.model = model
    self.pipeline = pipeline
    self.networks = networks
    self.planned = planned
    self.options = options
    for (path, map) in options.encoderMaps {
      let index = try pipeline.network(of: map, path: path, among: networks)
      guard networks[index].reads(.token) else {
        throw UsageError(
          "--encoder-maps: \(path) is of `\(networks[index].graph.name)`, which is no encoder of texts")
      }
    }
  }

  /// The samples of prompts: those of all prompts at the first step, then at the next.
  ///
  /// What the denoiser is given is kept in an eighth of the memory that `samples` allow, which then allow so much less,
  /// and beyond that in a file beside the output.
  ///
  /// - Parameters:
  ///   - prompts: the prompts of both sides.
  ///   - samples: how the networks run, and what may be spent.
  ///   - progress: receives the share that is done.
  /// - Returns: a sample for each prompt and step.
  /// - Throws: what compiling and running the networks throws.
  package func samples(
    of prompts: PairedPrompts, _ samples: inout SampleOptions, progress: (Double) -> Void = { _ in }
  ) throws -> PairedSamples {
    try shard(SampleFile.Part(1, of: 1)!, of: prompts, &samples, progress: progress).samples
  }

  /// A shard of the samples that ``samples(of:_:progress:)`` gives, for which only its own prompts are read.
  package func shard(
    _ part: SampleFile.Part, of prompts: PairedPrompts, _ samples: inout SampleOptions,
    progress: (Double) -> Void = { _ in }
  ) throws -> SampleShard {
    // Of each sample the place of its call and that of its prompt.
    var wanted: [Side: [(call: Int, prompt: Int)]] = [:]
    var read: [Side: [Int]] = [:]
    for side in Side.allCases {
      let count = prompts[side].count
      let places = part.indices(of: count * calls.count).map { (call: $0 / count, prompt: $0 % count) }
      wanted[side] = places
      read[side] = Set(places.map(\.prompt)).sorted()
    }
    let total = Double(read.values.reduce(0) { $0 + $1.count })
    let workers = ThreadPool(threads: samples.threads)
    let encoders = try makeEncoders(samples, workers)
    let network = calls.last! > 0 ? try makeNetwork(samples, workers) : nil
    let budget = FitMemory.budget(samples)
    let spill = FloatSpill(memory: budget / 8, directory: samples.output.map(AtomicFile.directory))
    var own = PairedSamples(source: [FitSample](), target: [FitSample]())
    var done = 0
    for side in Side.allCases {
      let indices = read[side]!
      let found = try self.samples(of: indices.map { prompts[side][$0] }, encoders, network, spill) {
        progress(Double(done + $0) / total)
      }
      done += indices.count
      let places = Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
      own[side] = wanted[side]!.map { found[$0.call][places[$0.prompt]!] }
    }
    samples.memory = budget - spill.residentCount
    let counts = Dictionary(
      uniqueKeysWithValues: Side.allCases.map { ($0.rawValue, prompts[$0].count * calls.count) })
    return SampleShard(part, own, counts: counts, digests: Side.allCases.map { digest(prompts[$0]) })
  }

  /// The samples of prompts at each of the calls.
  private func samples(
    of prompts: [FitPrompt], _ encoders: PictureTexts, _ network: EntryModel?, _ spill: FloatSpill,
    progress: (_ done: Int) -> Void
  ) throws -> [[FitSample]] {
    let digest = digest(prompts)
    let atOnce = network?.plan.limit("B") ?? Self.promptsAtOnce
    var found = [[FitSample]](repeating: [], count: calls.count)
    for start in stride(from: 0, to: prompts.count, by: atOnce) {
      let part = prompts[start...].prefix(atOnce)
      let conditions = try part.map { prompt in
        if let classes { return Condition(label: try classes.number(of: prompt.text)) }
        return Condition(
          states: try encoders.states(of: prompt.text) { encoder in
            Steering(Dictionary(uniqueKeysWithValues: encoder.plan.dials.map { ($0, 1) }))
          })
      }
      let states = try spill.keep(inputs.tensors(of: conditions, guidance: planned.guidance))
      try denoise(part, states, network) { place, given in
        var tensors = try spill.keep(given)
        tensors.merge(states) { $1 }
        found[place] += try TensorSamples.entries(
          of: EntryInputs(path: model.path, tensors), for: model, digest: "\(digest) \(calls[place]) \(start)"
        )
      }
      progress(start + part.count)
    }
    return found
  }

  private static let promptsAtOnce = 16

  /// Denoises prompts up to the last call that is wanted; `receive` takes what the denoiser is given at those that are,
  /// by their place among them.
  private func denoise(
    _ prompts: ArraySlice<FitPrompt>, _ states: [String: EntryInputs.Tensor], _ network: EntryModel?,
    receive: (_ place: Int, _ given: [String: EntryInputs.Tensor]) throws -> Void
  ) throws {
    let noise = prompts.map { SampleNoise(seed: options.seed, sample: $0.sample) }
    let size = inputs.sampleShape.reduce(1, *)
    var denoising = Denoising(run, latents: noise.map { $0.draw(0, count: size) }, noise: noise)
    let prompt = EntryPrompt(EntryInputs(path: model.path, states))
    for call in 0...calls.last! {
      let given = inputs.tensors(samples: denoising.inputs(at: call), time: denoising.timesteps[call])
      if let place = calls.firstIndex(of: call) { try receive(place, given) }
      guard call < calls.last!, let network else { continue }
      let result = try network.evaluate(EntryInputs(path: model.path, given), prompt: prompt)[0]
      denoising.advance(call) { _ in inputs.predictions(result, count: prompts.count) }
    }
  }

  /// A digest of all that samples depend on, beside the model.
  private func digest(_ prompts: [FitPrompt]) -> String {
    var hash = SHA256()
    var parts = ["\(options.seed)", planned.scheduler.description, "\(described.count)", described.scheduler]
    parts += ["\(described.steps)", "\(inputs.sampleShape)"]
    parts += networks.filter { $0.reads(.token) }.map(\.fingerprint)
    parts += options.encoderMaps.map(\.map.digest)
    for prompt in prompts { parts += [prompt.text, "\(prompt.sample)"] }
    for part in parts { hash.update("\(part.utf8.count) \(part)\n") }
    return hash.hex()
  }

  /// The encoders that the denoiser reads, with their maps.
  private func makeEncoders(_ samples: SampleOptions, _ workers: ThreadPool) throws -> PictureTexts {
    var encoders: [PictureTexts.Encoder] = []
    for (index, network) in networks.enumerated() where network.reads(.token) {
      let name = network.graph.name
      guard model.wires.contains(where: { $0.sources.contains { $0.module == name } }) else { continue }
      var maps = MapSet()
      for (path, map) in options.encoderMaps
      where try pipeline.network(of: map, path: path, among: networks) == index {
        try maps.add(map, name: "map\(maps.files.count)", path: path, model: network)
      }
      var compile = CompileOptions()
      compile.passManager.verifiesEach = false
      compile.weights = samples.weights
      compile.lowering.maximumRows = max(
        compile.lowering.maximumRows, planned.textRows(of: network))
      compile.lowering.contextLength = network.contextLength
      let engine = try network.compile(maps, compile).makeEngine(pool: workers)
      guard
        let encoder = PictureTexts.Encoder(
          try EntryModel(engine, path: network.path), try pipeline.promptTokenizer(of: network, planned))
      else {
        throw FileError.unsupported(
          network.path, nil, "an encoder that takes shorter texts than the pipeline reads is not supported")
      }
      encoders.append(encoder)
    }
    return try PictureTexts(
      encoders, wires: model.wires, to: model.graph.declaredInputs, planned, path: model.path)
  }

  /// The denoiser itself, without maps.
  private func makeNetwork(_ samples: SampleOptions, _ workers: ThreadPool) throws -> EntryModel {
    let imageRows = planned.imageRows ?? 0
    let limits = model.batchLimits(rows: samples.rows, imageRows: max(samples.rows, imageRows))
    var compile = CompileOptions()
    compile.passManager.verifiesEach = false
    compile.weights = samples.weights
    let entries = min(limits.entries, Self.promptsAtOnce)
    compile.lowering.maximumEntries = entries
    compile.lowering.maximumRows = entries * planned.textRows(of: model)
    compile.lowering.maximumImageRows = entries * imageRows
    return try EntryModel(
      model.compile(MapSet(), compile).makeEngine(pool: workers), path: model.path)
  }
}
