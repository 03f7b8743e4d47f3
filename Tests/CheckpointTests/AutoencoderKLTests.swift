import ActCompile
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

/// Small variational autoencoders against what `diffusers` computes for them (`Scripts/make-tiny-autoencoder-kl.py`),
/// steered and fitted: group norms, and attention of all pixels.
@Suite struct AutoencoderKLTests {
  static let calls = smallVariationalAutoencoders.flatMap { checkpoint in
    recordedNetworkCalls.map { NetworkCall(checkpoint: checkpoint, name: $0) }
  }

  /// Results, and every module by the name that `named_modules` gives it.
  @Test(arguments: calls, [Variant.live, .inserted, .reference])
  func equalsDiffusers(call: NetworkCall, variant: Variant) throws {
    let record = try call.record()
    let sites = Set(record.names).subtracting(call.results + [call.input])
    let results = try call.network(variant).evaluate(call.inputs(), sites: sites)
    for result in results {
      #expect(try result.shape == record.shape(result.name), "\(result.name)")
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= 1e-9, "\(result.name)")
    }
    #expect(Set(results.prefix(call.results.count).map(\.name)) == Set(call.results))
    let found = Set(results.map(\.name)).intersection(sites)
    if variant != .live { #expect(found == sites) }
  }

  /// A graph has the sites of all modules, and no others.
  @Test(arguments: calls.filter { $0.name.hasSuffix("1") }) func sites(call: NetworkCall) throws {
    let record = try call.record()
    let expected = Set(record.names).subtracting(call.results + [call.input]).filter { !$0.hasSuffix(":in") }
    let sites = try call.model().sites.map { ModuleSite($0.name) }
    #expect(Set(sites.filter { $0.part == .output }.map(\.module)) == expected)
  }

  /// Matrices, keys and values of fewer bits.
  @Test(
    arguments: calls.filter { $0.name.hasSuffix("2") }, [(WeightType.bf16, 1e-3), (.q8, 1e-2)])
  func fewerBits(call: NetworkCall, weights: (type: WeightType, bound: Double)) throws {
    let record = try call.record()
    for result in try call.network(weights: weights.type).evaluate(call.inputs()) {
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= weights.bound, "\(result.name)")
    }
  }

  /// A group norm is a pass for its moments, and one for the affine, which takes the activation along.
  @Test func fusesBlocks() throws {
    let call = NetworkCall(checkpoint: "tiny-kl", name: "decoder1")
    let plan = try call.model().compileSteered().plan
    let kernels = plan.step.filter { plan.values[$0].place != .view }
    func count(_ mnemonics: String...) -> Int {
      kernels.count { mnemonics.contains(plan.values[$0].op.mnemonic) }
    }
    // Two in each of eight blocks, one of the attention, one at the end.
    #expect(count("moments") == 18)
    // Values as large as images: the affines. Additions are epilogues.
    let images = kernels.filter {
      plan.values[$0].op.isElementwise && plan.values[$0].type.elementsPerSymbol! > 20
    }
    #expect(images.count == 18, "\(images.map { plan.values[$0].name })")
    // Shortcuts of one pixel a window are linear layers.
    #expect(count("conv", "conv_epilogue") == 21)
  }

  /// An image's results depend on the image alone, bit for bit.
  @Test(arguments: calls.filter { $0.name.hasSuffix("3") }, [WeightType.f32, .q8])
  func othersDoNotMatter(call: NetworkCall, weights: WeightType) throws {
    let record = try call.record()
    let shape = try record.shape(call.input)
    let images = try record.floats(call.input)
    let size = images.count / shape[0]
    func inputs(_ order: [Int]) -> EntryInputs {
      EntryInputs(
        path: "images",
        [
          call.input: .init(
            order.flatMap { images[$0 * size..<($0 + 1) * size] }, shape: [order.count] + shape.dropFirst())
        ])
    }
    let one = try call.network(weights: weights, threads: 1)
    let alone = try (0..<shape[0]).map { try one.evaluate(inputs([$0])) }
    for threads in [1, 3] {
      let network = try call.network(weights: weights, threads: threads)
      for order in [[0, 1, 2], [2, 0, 1, 1], [1]] {
        for (index, result) in try network.evaluate(inputs(order)).enumerated() {
          let size = result.values.count / order.count
          for (place, image) in order.enumerated() {
            let values = Array(result.values[place * size..<(place + 1) * size])
            #expect(sameBits(values, alone[image][index].values), "\(result.name) of \(order)")
          }
        }
      }
    }
  }

  private static let patterns = [
    "re:.*norm\\d?", "re:.*(conv\\d?|conv_shortcut|quant_conv)",
    "re:.*(blocks?\\.\\d|resnets\\.\\d|attentions\\.0)",
    "re:.*(to_[qkv]|to_out\\.0|group_norm):in", "re:.*(mid_block|resnets\\.\\d):delta",
  ]

  @Test(
    arguments: [
      NetworkCall(checkpoint: "tiny-kl", name: "encoder2"), .init(checkpoint: "tiny-kl", name: "decoder2"),
      .init(checkpoint: "tiny-kl-3", name: "decoder2"),
    ], patterns)
  func steering(call: NetworkCall, pattern: String) throws {
    let map = try call.model().randomMap(at: pattern)
    try checkSteering(at: [0.7], within: 1e-9) { variant, isSteered, strength in
      let isLive = isSteered && variant != .frozen
      return try call.network(variant, steeredBy: isSteered ? map : nil, strength: strength)
        .evaluate(call.inputs(), strengths: isLive ? [steeringMap: strength] : [:])
        .filter { $0.name != "logvar" }.flatMap(\.values)
    }
  }

  /// With as many groups as channels the means of a norm would be its biases, and what differs between images rounding.
  @Test(arguments: EntryFitTests.orders) func fitsEqualTheOracle(order: FitOrder) throws {
    let call = NetworkCall(checkpoint: "tiny-kl", name: "decoder2")
    let model = try call.model()
    let shape = try call.record().shape(call.input)
    func samples(_ count: Int, seed: UInt64) throws -> [FitSample] {
      var random = SplitMix64(state: seed)
      let values = (0..<count * shape.dropFirst().reduce(1, *)).map { _ in
        Float.random(in: -2...2, using: &random)
      }
      return try TensorSamples.entries(
        of: EntryInputs(
          path: "images", [call.input: .init(values, shape: [count] + shape.dropFirst())]), for: model,
        digest: "\(seed)")
    }
    let data = PairedSamples(source: try samples(7, seed: 1), target: try samples(6, seed: 2))
    let sites = model.sites.map(\.name).filter {
      $0.contains("mid_block") || $0.contains("blocks.0.resnets.0")
    }
    var options = FitOptions(method: linearAct)
    options.samples.order = order
    let found = try fit(model, data, sites: sites, options: options)
    let expected = try naiveFit(model, data, sites: sites, options: options)
    for (found, expected) in zip(found.sites, expected.sites) { #expect(found == expected, "\(found.name)") }
    #expect(found.sites.map(\.name) == sites && expected.sites.count == sites.count)
  }

  /// What the encoder gives is what the decoder takes.
  @Test func bothNetworks() throws {
    let directory = try TemporaryDirectory()
    let call = NetworkCall(checkpoint: "tiny-kl", name: "encoder2")
    let record = try call.record()
    let shape = try record.shape("sample")
    let models = try Model.modules(
      fixture(call.checkpoint), part: ModelPart(size: ImageSize(width: shape[3], height: shape[2])))
    var options = CompileOptions()
    options.weights = .f32
    try CompiledModel.write(
      models.map { try $0.compile(MapSet(), options) }, to: directory.file("kl.plan"),
      provenance: .object([]))
    let pipeline = try EntryPipeline(PlanFile(directory.file("kl.plan")), threads: 2)
    let file = try SafetensorsFile(fixture("\(call.checkpoint)/\(call.name).safetensors"))
    let results = try pipeline.evaluate(pipeline.modules(for: file), on: file)
    let sample = try #require(results.first { $0.name == "sample" })
    #expect(sample.shape == shape && sample.values.allSatisfy(\.isFinite))
  }

  // MARK: What cannot be

  @Test(arguments: [
    (#""act_fn": "elu""#, "act_fn", true), (#""norm_num_groups": 3"#, "block_out_channels", false),
    (#""down_block_types": ["AttnDownEncoderBlock2D", "DownEncoderBlock2D"]"#, "down_block_types", true),
    (#""up_block_types": ["UpDecoderBlock2D"]"#, "up_block_types", false),
    (#""use_quant_conv": false"#, "quant_conv.bias", false), (#""dual": true"#, "dual", true),
    (#""layers_per_block": 2"#, "encoder.down_blocks.0.resnets.1.norm1.weight", false),
  ])
  func configurationsThatDoNotFit(change: (member: String, place: String, isUnsupported: Bool)) throws {
    let checkpoint = try Checkpoint(fixture("tiny-kl-4"))
    let changed = try JSON(parsing: "{\(change.member)}").members!
    let members = try JSON(readingFile: fixture("tiny-kl-4/config.json")).members!
    let kept = members.filter { member in !changed.contains { $0.key == member.key } }
    let error = #expect(throws: FileError.self) {
      try ModelGraph(
        configuration: .object(kept + changed), path: "config.json",
        part: ModelPart(module: "encoder", size: ImageSize(width: 8, height: 8)), tensors: checkpoint.names,
        weightType: { checkpoint.tensor(named: $0).flatMap { TensorType($0.info) } })
    }
    #expect(error?.place == change.place)
    #expect(error?.isUnsupported == change.isUnsupported)
  }

  @Test(arguments: [
    (ModelPart(module: "encoder", size: ImageSize(width: 3, height: 3)), "give a larger --size"),
    (ModelPart(module: "decoder", size: ImageSize(width: 5000, height: 1)), "give a smaller --size"),
  ])
  func sizesThatDoNotFit(part: ModelPart, problem: String) throws {
    let error = #expect(throws: UsageError.self) { try Model(fixture("tiny-kl"), part: part) }
    #expect(error?.description.hasSuffix(problem) == true, "\(String(describing: error))")
  }
}

/// A recorded call of one of the networks of a small variational autoencoder.
struct NetworkCall: Hashable, Sendable, CustomTestStringConvertible {
  var checkpoint: String
  var name: String

  var module: String { String(name.prefix { $0.isLetter }) }
  var input: String { module == "encoder" ? "sample" : "z" }
  var results: [String] { module == "encoder" ? ["mean", "logvar", "latents"] : ["sample"] }
  var testDescription: String { "\(checkpoint)/\(name)" }

  private var path: String { fixture("\(checkpoint)/\(name).safetensors") }

  func record() throws -> TensorFile { try TensorFile(path) }

  func model() throws -> Model {
    let shape = try record().shape(input)
    return try Model(
      fixture(checkpoint),
      part: ModelPart(module: module, size: ImageSize(width: shape[3], height: shape[2])))
  }

  func inputs() throws -> EntryInputs {
    try EntryInputs(SafetensorsFile(path), for: model().graph.declaredInputs)
  }

  func network(
    _ variant: Variant = .live, weights: WeightType = .f32, threads: Int? = nil,
    steeredBy map: MapFile? = nil, strength: Float = 0
  ) throws -> EntryModel {
    try EntryModel(
      model().makeEngine(
        steeredBy: map, variant, strength: strength, weights: weights, cache: weights == .f32 ? .f32 : .bf16,
        threads: threads), path: checkpoint)
  }
}
