import ActCompile
import ActFit
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActTerminal
import ArgumentParser

/// What a command fits: a model, or one network of a pipeline, at some sites.
struct FittedNetwork {
  let model: Model
  /// The sites, by the model's own names, in order of execution.
  let sites: [String]
  /// nil for a model that is no pipeline's.
  private var prompted: Prompted?

  /// A network of a pipeline, which is fitted on prompts.
  fileprivate struct Prompted {
    let pipeline: Pipeline
    let planned: PlanPipeline
    /// nil for an encoder of texts.
    let denoiser: PromptedDenoiser?
    let options: PromptOptions
    var description: PromptDescription
  }

  /// Opens a model or a pipeline, and finds the sites.
  ///
  /// - Throws: `UsageError` for sites of several networks, and for options that do not go with what `path` is.
  init(
    _ path: String, _ part: PartOptions, _ components: ComponentOptions, _ adapters: AdapterOptions,
    _ data: DataArguments, _ samples: SampleArguments, _ prompts: PromptArguments,
    method: DataRequirements = DataRequirements()
  ) throws {
    guard PipelineFolder.isPipeline(path) else {
      try components.refuse(for: path)
      model = try Model(path, part: part.part(context: data.maxTokens), adapters: adapters.load())
      if let option = prompts.given {
        throw UsageError("\(option): expected the folder of a pipeline, found a model: \(path)")
      }
      noteMissing(model)
      sites = try samples.sites(of: model, method: method)
      return
    }
    let part = try part.part()
    guard part.module == nil else {
      throw UsageError("--module: a pipeline has components, whose sites --sites names")
    }
    guard !samples.sites.isEmpty else {
      throw UsageError("--sites: expected patterns of sites; list them with `actc sites \(path)`")
    }
    let pipeline = try Pipeline(
      components.folder(path), size: part.size, adapters: adapters.loadForPipeline())
    let (networks, planned) = try pipeline.forPlan()
    let chosen = Set(try pipeline.sites(matching: samples.sites).map(\.name))
    let parts = networks.compactMap { network -> (network: Model, sites: [String])? in
      let sites = network.graph.sites.map(\.name).filter { chosen.contains("\(network.graph.name).\($0)") }
      return sites.isEmpty ? nil : (network, sites)
    }
    guard parts.count == 1 else {
      let names = parts.map(\.network.graph.name)
      throw UsageError(
        "--sites: expected sites of one network, found some of \(names.joined(separator: ", ")): fit one after "
          + "another, `\(names[0])` first, and give its map to the next by --encoder-maps")
    }
    (model, sites) = parts[0]
    let options = try prompts.options(seed: data.seed ?? 0)
    var description = PromptDescription(
      pipeline: pipeline.folder.className, component: model.graph.name, seed: options.seed)
    description.size = part.size?.description
    description.appended = prompts.appends ? prompts.appended : nil
    var denoiser: PromptedDenoiser?
    if model.reads(.sample) {
      guard !model.reads(.label) || !prompts.appends else {
        throw UsageError("--append-source and --append-target: prompts are classes of images, and no texts")
      }
      denoiser = try PromptedDenoiser(pipeline, networks, planned, model: model, options)
      description.run = denoiser?.described
      guard samples.scope == "all", samples.skipFirst == 0 else {
        throw UsageError("--scope and --skip-first: images have no tokens to leave out")
      }
    } else if model.reads(.token) {
      if let option = prompts.givenOfRun {
        throw UsageError(
          "\(option): `\(model.graph.name)` reads prompts, before there are steps of denoising")
      }
    } else {
      throw FileError.unsupported(
        path, model.graph.name, "fitting on prompts is not supported where a network reads none",
        next: "fit \(model.path) on files of tensors")
    }
    prompted = Prompted(
      pipeline: pipeline, planned: planned, denoiser: denoiser, options: options, description: description)
  }

  /// The channels of all sites.
  var channelCount: Int { sites.reduce(0) { $0 + model.width(of: $1) } }

  /// Completes what files say of the samples.
  func describe(_ options: inout SampleOptions, _ prompts: PromptArguments) {
    options.steps = prompts.applySteps ?? .all
    options.prompts = prompted?.description
  }

  /// The samples of both sides, and SHA-256 of what they depend on, by its name.
  ///
  /// - Parameters:
  ///   - data: the data files.
  ///   - samples: how activations become samples.
  ///   - prompts: what is appended to prompts.
  ///   - options: what may be spent; less once something of it is.
  /// - Returns: the samples and the digests.
  /// - Throws: `FileError` for data that cannot be used, and what running the networks throws.
  func samples(
    _ data: DataArguments, _ samples: SampleArguments, _ prompts: PromptArguments,
    _ options: inout SampleOptions
  ) throws -> (samples: PairedSamples, hashes: [String: String]) {
    let whole = SampleFile.Part(1, of: 1)!
    let (shard, hashes) = try shard(whole, data, samples, prompts, &options)
    return (shard.samples, hashes)
  }

  /// A shard of the samples, as ``samples(_:_:_:_:)`` gives all.
  func shard(
    _ part: SampleFile.Part, _ data: DataArguments, _ samples: SampleArguments, _ prompts: PromptArguments,
    _ options: inout SampleOptions
  ) throws -> (shard: SampleShard, hashes: [String: String]) {
    guard let prompted else {
      let (samples, hashes) = try data.samples(of: model, skippedPositions: samples.skipFirst)
      return (SampleShard(part, of: samples), hashes)
    }
    let (paired, hashes) = try prompted.prompts(data, prompts)
    guard let denoiser = prompted.denoiser else {
      let samples = try prompted.pipeline.samples(paired, of: model, prompted.planned)
      return (SampleShard(part, of: samples), hashes)
    }
    let bar = ProgressBar("reading prompts", of: (paired.count / part.count, "prompts"))
    defer { bar.finish() }
    return (try denoiser.shard(part, of: paired, &options) { bar.update($0) }, hashes)
  }
}

extension FittedNetwork.Prompted {
  /// The prompts of both sides with their phrases, and SHA-256 of what they depend on, by its name.
  fileprivate func prompts(
    _ data: DataArguments, _ arguments: PromptArguments
  ) throws -> (prompts: PairedPrompts, hashes: [String: String]) {
    var (texts, hashes) = try data.prompts(of: pipeline.folder.path)
    let phrases = try arguments.phrases()
    hashes["append_source"] = phrases.source?.sha256
    hashes["append_target"] = phrases.target?.sha256
    let maps = try options.encoderMaps.map { try SHA256.hex(ofFile: $0.path) }
    if !maps.isEmpty {
      let text = maps.map { $0 + "\n" }.joined()
      hashes["encoder_maps"] = maps.count == 1 ? maps[0] : SHA256.hex(of: Array(text.utf8))
    }
    let paired = PairedPrompts(
      source: FitPrompt.prompts(texts.source, .source, appending: phrases.source, seed: options.seed),
      target: FitPrompt.prompts(texts.target, .target, appending: phrases.target, seed: options.seed))
    return (paired, hashes)
  }
}
