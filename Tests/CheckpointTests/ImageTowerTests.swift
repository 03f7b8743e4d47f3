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

/// The image towers of small CLIPs against what `transformers` computes for them (`Scripts/make-tiny-clip.py`), steered and
/// fitted: attention over the rows of each image.
@Suite struct ImageTowerTests {
  static let results = ["last_hidden_state", "image_embeds", "pooler_output"]

  private func path(_ call: String, _ checkpoint: String) -> String {
    fixture("\(checkpoint)/\(call).safetensors")
  }

  private func tower(
    _ checkpoint: String, _ variant: Variant = .live, weights: WeightType = .f32, threads: Int? = nil,
    steeredBy map: MapFile? = nil, strength: Float = 0
  ) throws -> EntryModel {
    try EntryModel(
      Model(fixture(checkpoint)).makeEngine(
        steeredBy: map, variant, strength: strength, weights: weights, cache: weights == .f32 ? .f32 : .bf16,
        threads: threads), path: checkpoint)
  }

  private func inputs(_ call: String, _ checkpoint: String) throws -> EntryInputs {
    try EntryInputs(
      SafetensorsFile(path(call, checkpoint)), for: Model(fixture(checkpoint)).graph.declaredInputs)
  }

  /// Results, and all modules that compute.
  @Test(arguments: smallImageTowers, [Variant.live, .inserted, .reference])
  func equalsTransformers(checkpoint: String, variant: Variant) throws {
    let model = try tower(checkpoint, variant)
    for call in recordedCalls {
      let record = try TensorFile(path(call, checkpoint))
      let sites = Set(record.names).subtracting(Self.results + ["pixel_values"])
      let results = try model.evaluate(inputs(call, checkpoint), sites: sites)
      for result in results {
        #expect(try result.shape == record.shape(result.name), "\(result.name)")
        let deviation = Deviation(result.values, from: try record.floats(result.name))
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(call): \(result.name)")
      }
      let expected = record.names.filter { Self.results.contains($0) }
      #expect(Set(results.prefix(expected.count).map(\.name)) == Set(expected))
      let found = Set(results.map(\.name)).intersection(sites)
      #expect(variant == .live ? call == "images2" || found.count > 3 : found == sites)
    }
  }

  /// Rounded weights, keys and values.
  @Test(arguments: smallImageTowers, [(WeightType.bf16, 3e-4), (.q8, 2e-3)])
  func narrowWeights(checkpoint: String, _ weights: (type: WeightType, limit: Double)) throws {
    let model = try tower(checkpoint, weights: weights.type)
    let record = try TensorFile(path("images2", checkpoint))
    for result in try model.evaluate(inputs("images2", checkpoint)) {
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= weights.limit, "\(result.name)")
    }
  }

  private func random(_ count: Int, like shape: [Int], seed: UInt64) -> [[Float]] {
    var random = SplitMix64(state: seed)
    let size = shape.dropFirst().reduce(1, *)
    return (0..<count).map { _ in (0..<size).map { _ in .random(in: -2...2, using: &random) } }
  }

  private func call(_ images: [[Float]], _ shape: [Int]) -> EntryInputs {
    EntryInputs(
      path: "images",
      ["pixel_values": .init(images.flatMap { $0 }, shape: [images.count] + shape.dropFirst())])
  }

  /// An image's results depend on the image alone, bit for bit, also in calls of more images than a step holds.
  @Test(arguments: smallImageTowers, WeightType.allCases)
  func othersDoNotMatter(checkpoint: String, weights: WeightType) throws {
    let shape = try TensorFile(path("images1", checkpoint)).shape("pixel_values")
    let one = try tower(checkpoint, weights: weights, threads: 1)
    let images = random(5, like: shape, seed: 3)
    let alone = try images.map { try one.evaluate(call([$0], shape)) }
    func check(_ model: EntryModel, _ order: [Int]) throws {
      for (index, result) in try model.evaluate(call(order.map { images[$0] }, shape)).enumerated() {
        let size = result.values.count / order.count
        for (place, image) in order.enumerated() {
          let values = result.values[place * size..<(place + 1) * size]
          #expect(sameBits(Array(values), alone[image][index].values), "\(result.name) of \(order)")
        }
      }
    }
    for threads in 1...3 {
      let model = try tower(checkpoint, weights: weights, threads: threads)
      for order in [[0, 1, 2, 3, 4], [4, 2, 2, 0], [3]] { try check(model, order) }
      if threads == 2, weights == .f32 {
        try check(model, (0..<model.engine.maximumEntries + 3).map { $0 * 7 % 5 })
      }
    }
  }

  private static let patterns = [
    "re:.*(layer_norm\\d|layrnorm|layernorm)", "re:.*(out_proj|fc2)", "re:.*[qkv]_proj",
    "re:.*(activation_fn|patch_embedding|embeddings|layers\\.\\d)",
  ]

  @Test(arguments: smallImageTowers, patterns)
  func steering(checkpoint: String, pattern: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.randomMap(at: pattern)
    let images = try inputs("images2", checkpoint)
    try checkSteering(at: [0.3, 1, 1.5], within: 1e-10) { variant, isSteered, strength in
      let isLive = isSteered && variant != .frozen
      return try tower(checkpoint, variant, steeredBy: isSteered ? map : nil, strength: strength)
        .evaluate(images, strengths: isLive ? [steeringMap: strength] : [:]).flatMap(\.values)
    }
  }

  @Test(arguments: smallImageTowers, EntryFitTests.orders)
  func fitsEqualTheOracle(checkpoint: String, order: FitOrder) throws {
    let model = try Model(fixture(checkpoint))
    let shape = try TensorFile(path("images1", checkpoint)).shape("pixel_values")
    func samples(_ count: Int, seed: UInt64) throws -> [FitSample] {
      try TensorSamples.entries(
        of: call(random(count, like: shape, seed: seed), shape), for: model, digest: "\(seed)")
    }
    let data = PairedSamples(source: try samples(7, seed: 1), target: try samples(6, seed: 2))
    let sites = model.sites.map(\.name)
    var options = FitOptions(method: linearAct)
    options.samples.order = order
    let found = try fit(model, data, sites: sites, options: options)
    let expected = try naiveFit(model, data, sites: sites, options: options)
    for (found, expected) in zip(found.sites, expected.sites) { #expect(found == expected, "\(found.name)") }
    #expect(found.sites.map(\.name) == sites && expected.sites.count == sites.count)
  }

  // MARK: Both towers

  @Test(arguments: recordedCalls) func bothTowers(call: String) throws {
    let directory = try TemporaryDirectory()
    let models = try Model.modules(fixture(smallCLIP), part: ModelPart())
    var options = CompileOptions()
    options.weights = .f32
    try CompiledModel.write(
      models.map { try $0.compile(MapSet(), options) }, to: directory.file("clip.plan"),
      provenance: .object([]))
    let pipeline = try EntryPipeline(PlanFile(directory.file("clip.plan")), threads: 2)
    #expect(pipeline.modules.map(\.plan.name) == ["text_model", "vision_model"])
    let file = try SafetensorsFile(path(call, smallCLIP))
    let record = try TensorFile(path(call, smallCLIP))
    let results = try pipeline.evaluate(pipeline.modules(for: file), on: file)
    #expect(results.map(\.name) == ["text_embeds", "image_embeds"])
    for result in results {
      #expect(try result.shape == record.shape(result.name))
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(result.name)")
    }
  }

  /// Towers alone are named as their modules are, whether older checkpoints put `text_model.` before it or not.
  @Test(arguments: [
    ("tiny-clip-text-2", "text_model.", false), ("tiny-clip-vision-2", "vision_model.", true),
    ("tiny-clip-vision", "vision_model.", true),
  ])
  func tensorsMayHaveThePrefix(checkpoint: String, prefix: String, hasIt: Bool) throws {
    let tensors = try Checkpoint(fixture(checkpoint))
    func sites(_ rename: (String) -> String) throws -> [String] {
      let names = Dictionary(uniqueKeysWithValues: tensors.names.map { (rename($0), $0) })
      let graph = try ModelGraph(
        configuration: JSON(readingFile: fixture("\(checkpoint)/config.json")), path: "config.json",
        tensors: names.keys.sorted(),
        weightType: { names[$0].flatMap { tensors.tensor(named: $0) }.flatMap { TensorType($0.info) } }
      ).graph
      return graph.order.compactMap { graph[$0].site }
    }
    let others = try sites { name in
      guard hasIt else { return prefix + name }
      return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }
    #expect(try others == sites { $0 })
    #expect(others.contains { $0.hasPrefix(prefix) } == (checkpoint == "tiny-clip-vision"))
  }

  /// Old files have `text_config_dict` beside `text_config`, and it alone counts.
  @Test(arguments: ["text", "vision"]) func towersMayBeConfiguredTwice(tower: String) throws {
    let checkpoint = try Checkpoint(fixture(smallCLIP))
    let configuration = try JSON(readingFile: fixture("\(smallCLIP)/config.json"))
    func graph(_ first: JSON?, _ second: JSON?) throws -> String {
      var members = try #require(configuration.members).filter { $0.key != "\(tower)_config" }
      if let first { members.append(.init("\(tower)_config", first)) }
      if let second { members.append(.init("\(tower)_config_dict", second)) }
      return try ModelGraph(
        configuration: .object(members), path: "config.json", part: ModelPart(module: "\(tower)_model"),
        tensors: checkpoint.names,
        weightType: { checkpoint.tensor(named: $0).flatMap { TensorType($0.info) } }
      ).graph.description
    }
    let own = try #require(configuration["\(tower)_config"])
    let other = JSON.object(["hidden_size": .int(7), "unheard_of": .int(1)])
    let expected = try graph(own, nil)
    #expect(try graph(other, own) == expected)
    #expect(try graph(own, .null) == expected)
    #expect(throws: FileError.self) { try graph(other, nil) }
    #expect(throws: FileError.self) { try graph(nil, nil) }
  }

  @Test(arguments: [
    (ModelPart(), "has several modules: give one by --module text_model or vision_model"),
    (ModelPart(module: "decoder"), "has no module `decoder`: give --module text_model or vision_model"),
    (
      ModelPart(module: "vision_model", size: ImageSize(width: 12, height: 12)),
      "takes no --size: its configuration says it"
    ),
  ])
  func towersMustBeChosen(part: ModelPart, problem: String) throws {
    let error = #expect(throws: UsageError.self) { try Model(fixture(smallCLIP), part: part) }
    #expect(error?.description.hasSuffix(problem) == true, "\(String(describing: error))")
  }
}
