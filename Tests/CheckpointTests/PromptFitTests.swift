import ActCompile
import ActDiffusion
import ActFit
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Fits of a small pipeline on prompts, against activations that `diffusers` gives under hooks and maps that NumPy
/// computes of them (`Scripts/make-tiny-pipelines.py`).
@Suite struct PromptFitTests {
  private let directory: TemporaryDirectory
  private let record: TensorFile
  private let prompts: PairedPrompts
  private let pipeline: Pipeline
  private let networks: [Model]
  private let planned: PlanPipeline
  private let unet, encoder: Model

  static let sites = [
    "conv_in", "down_blocks.0.resnets.0.norm1", "down_blocks.0.attentions.0.norm",
    "down_blocks.0.attentions.0.transformer_blocks.0.norm2", "mid_block.resnets.0.norm2", "conv_norm_out",
  ]
  static let textSites = ["encoder.layers.0.layer_norm1", "encoder.layers.1.mlp.fc2"]
  private static let seed: UInt64 = 9

  init() throws {
    directory = try TemporaryDirectory()
    let path = fixture("tiny-sd/fit.safetensors")
    record = try TensorFile(path)
    let file = try SafetensorsFile(path)
    func records(_ key: String) throws -> [(record: Int, text: String)] {
      try texts(key).enumerated().map { ($0.offset, $0.element) }
    }
    func texts(_ key: String) throws -> [String] {
      let texts = try JSON(parsing: file.metadata(key) ?? "").array ?? []
      return texts.compactMap { $0.string }
    }
    let tags = try directory.write(texts("tags").joined(separator: "\n"), to: "tags.txt")
    let counts = PromptDescription.Appended(
      fixed: try #require(Int(file.metadata("fixed") ?? "")),
      drawn: try #require(Int(file.metadata("drawn") ?? "")))
    let phrases = try AppendedPhrases(reading: tags, counts)
    prompts = PairedPrompts(
      source: FitPrompt.prompts(try records("source"), .source, appending: nil, seed: Self.seed),
      target: FitPrompt.prompts(try records("target"), .target, appending: phrases, seed: Self.seed))
    #expect(prompts.target.map(\.text) == (try texts("prompts")))
    pipeline = try Pipeline(
      PipelineFolder(fixture("tiny-sd")), size: ImageSize(width: 24, height: 16))
    (networks, planned) = try pipeline.forPlan()
    unet = try #require(networks.first { $0.graph.name == "unet" })
    encoder = try #require(networks.first { $0.graph.name == "text_encoder" })
  }

  private func denoiser(_ steps: String) throws -> PromptedDenoiser {
    var options = PromptOptions()
    options.seed = Self.seed
    options.runSteps = 4
    options.steps = try #require(DenoisingSteps(steps))
    return try PromptedDenoiser(pipeline, networks, planned, model: unet, options)
  }

  private func samples(_ steps: String, _ change: (inout SampleOptions) -> Void = { _ in }) throws
    -> PairedSamples
  {
    var options = SampleOptions()
    change(&options)
    return try denoiser(steps).samples(of: prompts, &options)
  }

  /// The samples of every step are those of the hooks.
  @Test func activationsEqualDiffusers() throws {
    let path = directory.file("x.samples")
    var options = SampleOptions()
    options.order = .simultaneous
    try collect(
      unet, SampleShard(.init(1, of: 1)!, of: samples("all")), sites: Self.sites, after: nil,
      options: options,
      output: path)
    let found = try SampleFile(reading: path)
    for site in Self.sites {
      for side in Side.allCases {
        let values = Array(try found.samples(site, side.rawValue))
        var expected: [Float] = []
        for step in 0..<4 { expected += try record.floats("\(site)/\(side.rawValue)/\(step)") }
        let deviation = Deviation(values, from: expected)
        #expect(deviation.normalizedSquaredError <= 1e-10, "\(site), \(side): \(deviation)")
      }
    }
  }

  private func expect(_ site: MapFile.Site, _ prefix: String) throws {
    #expect(Set(site.parameters.keys) == ["slope", "source_mean", "target_mean"])
    for (name, parameter) in site.parameters {
      let expected = try record.floats("\(prefix)/\(site.name)/\(name)")
      let deviation = Deviation(parameter.values, from: expected)
      #expect(deviation.normalizedSquaredError <= 1e-9, "\(site.name)/\(name): \(deviation)")
    }
  }

  @Test(arguments: ["0", "0-2"]) func mapsEqualNumPy(steps: String) throws {
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    let data = try samples(steps)
    let map = try fit(unet, data, sites: Self.sites, options: options)
    let calls = steps == "0" ? 1 : 3
    #expect(map.counts == ["source": prompts.source.count * calls, "target": prompts.target.count * calls])
    #expect(map.sites.map(\.name) == Self.sites)
    for site in map.sites { try expect(site, "linear-act/\(steps)") }
    // The first site of a causal fit is that of a simultaneous one, to the bit.
    options.samples.order = .causal
    let causal = try fit(unet, data, sites: Self.sites, options: options)
    #expect(causal.sites[0] == map.sites[0])
    #expect(causal.sites[5] != map.sites[5])
  }

  /// The prompts of an encoder are its samples, filled up.
  @Test func mapsOfTheEncoderEqualNumPy() throws {
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    let data = try pipeline.samples(prompts, of: encoder, planned)
    #expect(data.source.allSatisfy { $0.rowCount == planned.texts[0].length })
    for site in try fit(encoder, data, sites: Self.textSites, options: options).sites {
      try expect(site, "text/linear-act")
    }
  }

  /// In causal order as the model run again for each site; the same bits for every size of batches and number of threads.
  @Test func batchesDoNotMatter() throws {
    var options = FitOptions(method: linearAct)
    let expected = try fit(unet, samples("0-1"), sites: Self.sites, options: options)
    #expect(
      expected.sites
        == (try naiveFit(unet, samples("0-1"), sites: Self.sites, options: options)).sites)
    options.samples.rows = planned.texts[0].length
    options.samples.threads = 1
    let found = try fit(unet, samples("0-1") { $0.threads = 1 }, sites: Self.sites, options: options)
    #expect(found == expected)
    // A prompt's samples do not depend on the others'.
    var fewer = prompts
    fewer.source = [prompts.source[3]]
    fewer.target = Array(prompts.target.suffix(2))
    var some = SampleOptions()
    let apart = try denoiser("1").samples(of: fewer, &some)
    let all = try samples("1")
    for (one, other) in [(apart.source[0], all.source[3]), (apart.target[1], all.target[4])] {
      for (input, whole) in zip(try #require(one.given).inputs, try #require(other.given).inputs) {
        #expect(input.name == whole.name)
        #expect(
          try values(input, of: one) == values(whole, of: other), "\(input.name)")
      }
    }
  }

  /// A shard reads its own prompts alone, and has the samples that the whole has.
  @Test(arguments: [1, 2, 3]) func shardsHaveTheirOwn(count: Int) throws {
    let site = ["conv_in"]
    var options = SampleOptions()
    options.order = .simultaneous
    func rows(_ shard: SampleShard, _ side: Side, _ name: String) throws -> (
      samples: [Float], file: SampleFile
    ) {
      let path = directory.file(name)
      try collect(unet, shard, sites: site, after: nil, options: options, output: path)
      let file = try SampleFile(reading: path)
      return (Array(try file.samples(site[0], side.rawValue)), file)
    }
    let whole = try samples("0-2")
    for number in 1...count {
      let part = try #require(SampleFile.Part(number, of: count))
      var spent = SampleOptions()
      let shard = try denoiser("0-2").shard(part, of: prompts, &spent)
      #expect(shard.counts == ["source": 21, "target": 15])
      for side in Side.allCases {
        let found = try rows(shard, side, "own\(number)")
        let expected = try rows(SampleShard(part, of: whole), side, "cut\(number)")
        #expect(found.samples == expected.samples && !found.samples.isEmpty)
        #expect(found.file.records(side.rawValue) == expected.file.records(side.rawValue))
      }
    }
    // All shards say that they are of the same samples.
    if count > 1 {
      let headers = try (1...count).map { number in
        try SampleFile(reading: directory.file("own\(number)")).header.collection
      }
      #expect(Set(headers).count == 1)
    }
  }

  /// What an input is given for a sample.
  private func values(_ input: EntryInput, of sample: FitSample) throws -> [Float] {
    let engine = try unet.compile().makeEngine(threads: 1)
    let declared = try #require(engine.plan.inputs.first { $0.name == input.name })
    let given = try #require(sample.given)
    let indices = given.indices(input.symbol)
    input.write(indices, to: engine)
    let count = indices.count * (declared.type.elementsPerSymbol ?? 1)
    return Array(UnsafeBufferPointer(start: engine.input(input.name), count: count))
  }

  /// From what an earlier run has finished, whose samples were made anew.
  @Test func goesOnAfterAnInterruption() throws {
    var options = FitOptions(method: linearAct)
    options.samples.output = directory.file("m")
    var kept: [UInt8] = []
    let expected = try fit(unet, samples("0,2"), sites: Self.sites, options: options) { progress in
      if progress.share < 0.6, let bytes = try? directory.read("m.partial") { kept = bytes }
    }
    try #require(!kept.isEmpty)
    func resumed(_ steps: String) throws -> (map: MapFile, notes: [String]) {
      try directory.write(kept, to: "m.partial")
      var notes: [String] = []
      let map = try fit(unet, samples(steps), sites: Self.sites, options: options, note: { notes.append($0) })
      return (map, notes)
    }
    let same = try resumed("0,2")
    #expect(same.map == expected)
    #expect(same.notes.contains { $0.hasPrefix("resuming after ") })
    // Other steps are other data.
    #expect(try resumed("0,1").notes.contains { $0.contains("starting anew") })
  }

  /// What memory has no room for lies in a file.
  @Test func spills() throws {
    let spill = FloatSpill(memory: 40, directory: directory.path)
    let kept = try [[1, 2, 3], [], [4, 5, 6, 7, 8, 9, 10, 11], [12, 13]].map { try spill.keep($0) }
    #expect(spill.residentCount == 20)
    #expect(
      kept.map { $0.withElements { Array($0) } } == [[1, 2, 3], [], [4, 5, 6, 7, 8, 9, 10, 11], [12, 13]])
    #expect(directory.contents.filter { $0.contains("act-fit") }.isEmpty)
    #expect(throws: FitError.self) { try FloatSpill(memory: 4, directory: nil).keep([1, 2]) }
  }

  @Test func refusesSteps() throws {
    for steps in ["4", "0-4", "7-"] {
      let error = #expect(throws: UsageError.self) { _ = try denoiser(steps) }
      #expect(
        "\(try #require(error))".contains("expected steps of 0 to 3, which the run has, found \(steps)"))
    }
  }
}
