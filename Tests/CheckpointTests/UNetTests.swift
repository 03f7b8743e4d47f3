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

/// Small denoising UNets against what `diffusers` computes for them (`Scripts/make-tiny-unets.py`), steered too.
@Suite struct UNetTests {
  /// A recorded call of a small UNet.
  struct Call: Hashable, Sendable, CustomTestStringConvertible {
    var checkpoint, name: String

    var path: String { fixture("\(checkpoint)/\(name).safetensors") }
    var testDescription: String { "\(checkpoint)/\(name)" }

    func record() throws -> TensorFile { try TensorFile(fixture("\(checkpoint)/\(name)-result.safetensors")) }

    func model() throws -> Model {
      let shape = try TensorFile(path).shape("sample")
      return try Model(
        fixture(checkpoint), part: ModelPart(size: ImageSize(width: shape[3], height: shape[2])))
    }

    func inputs(_ model: Model) throws -> EntryInputs {
      try EntryInputs(SafetensorsFile(path), for: model.graph.declaredInputs)
    }
  }

  static let calls = smallUNets.flatMap { checkpoint in
    recordedSteps.map { Call(checkpoint: checkpoint, name: $0) }
  }
  static let firstCalls = calls.filter { $0.name == "call1" }
  static let pairs = calls.filter { $0.name == "call3" }

  private func run(
    _ call: Call, _ variant: Variant = .live, weights: WeightType = .f32, threads: Int? = nil,
    steeredBy map: MapFile? = nil, strength: Float = 0, sites: Set<String> = []
  ) throws -> [ResultTensor] {
    let model = try call.model()
    let engine = try model.makeEngine(
      steeredBy: map, variant, strength: strength, weights: weights, cache: weights == .f32 ? .f32 : .bf16,
      threads: threads)
    let isLive = map != nil && variant != .frozen
    return try EntryModel(engine, path: call.checkpoint).evaluate(
      call.inputs(model), strengths: isLive ? [steeringMap: strength] : [:], sites: sites)
  }

  @Test(arguments: calls, [Variant.live, .reference])
  func equalsDiffusers(call: Call, variant: Variant) throws {
    let record = try call.record()
    let result = try run(call, variant)[0]
    #expect(result.name == "sample")
    #expect(try result.shape == record.shape("sample"))
    let deviation = Deviation(result.values, from: try record.floats("sample"))
    #expect(deviation.normalizedSquaredError <= 1e-8, "\(deviation)")
  }

  /// Every module that runs once and gives one tensor is a site, by the name that `named_modules` gives it.
  @Test(arguments: firstCalls)
  func modulesAreSites(call: Call) throws {
    let record = try call.record()
    let sites = Set(record.names).subtracting(["sample"])
    let known = try Set(call.model().sites.map(\.name))
    #expect(sites.subtracting(known).sorted() == [])
    #expect(known.subtracting(sites).sorted() == [])
    let results = try run(call, .reference, sites: sites)
    #expect(Set(results.map(\.name)) == sites.union(["sample"]))
    for result in results {
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(result.name): \(deviation)")
    }
  }

  /// Rounded weights, keys and values.
  @Test(arguments: pairs, [(WeightType.bf16, 1e-3), (.q8, 1e-2)])
  func fewerBits(call: Call, weights: (type: WeightType, bound: Double)) throws {
    let deviation = Deviation(
      try run(call, weights: weights.type)[0].values, from: try call.record().floats("sample"))
    #expect(deviation.normalizedSquaredError <= weights.bound, "\(deviation)")
    #expect(deviation.normalizedSquaredError > 1e-10)
  }

  /// An entry's result depends on the entry alone, bit for bit: whatever is in the call with it, and on all threads.
  @Test(arguments: pairs, [WeightType.f32, .q8])
  func othersDoNotMatter(call: Call, weights: WeightType) throws {
    let model = try call.model()
    let both = try call.inputs(model)
    func entry(_ index: Int) -> EntryInputs {
      var inputs = both
      let sequences = both.tensors[EntryInputs.sequences].map(\.integers)
      for (name, tensor) in both.tensors where tensor.shape != [1] {
        if name == EntryInputs.sequences {
          inputs.tensors[name] = nil
        } else if name == "encoder_hidden_states" {
          let rows = sequences!.indices.filter { sequences![$0] == index }
          inputs.tensors[name] = tensor.slice(rows.first!..<rows.last! + 1)
        } else {
          inputs.tensors[name] = tensor.slice(index..<index + 1)
        }
      }
      return inputs
    }
    var together: [Float]?
    for threads in 1...3 {
      let engine = try model.makeEngine(
        weights: weights, cache: weights == .f32 ? .f32 : .bf16, threads: threads)
      let unet = try EntryModel(engine, path: call.checkpoint)
      let result = try unet.evaluate(both)[0].values
      #expect(sameBits(result, together ?? result))
      together = result
      let alone = try (0..<2).flatMap { try unet.evaluate(entry($0))[0].values }
      #expect(sameBits(alone, result))
    }
  }

  // MARK: Steering

  /// Affine maps at outputs of modules against hooks in `diffusers`, which change them.
  @Test(arguments: [("0.5", 0.5), ("1", 1)] as [(String, Float)], [Variant.live, .inserted, .frozen])
  func mapsEqualHooks(strength: (name: String, value: Float), variant: Variant) throws {
    let call = Call(checkpoint: "tiny-unet", name: "call2")
    let record = try TensorFile(fixture("tiny-unet/steered-\(strength.name).safetensors"))
    let map = try MapFile(reading: fixture("tiny-unet/steered.maps.safetensors"))
    let sites = Set(map.sites.map(\.name))
    #expect(sites.union(["sample"]) == Set(record.names))
    let results = try run(call, variant, steeredBy: map, strength: strength.value, sites: sites)
    for result in results {
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(result.name): \(deviation)")
    }
    if variant == .inserted { #expect(results.count == sites.count + 1) }
  }

  private static let patterns = [
    "re:.*norm\\d?", "re:.*(conv\\d?|conv_(in|out|shortcut))",
    "re:.*\\.(attn\\d|ff|to_[qkv]|proj|proj_in|proj_out)",
    "re:.*(resnets|attentions|transformer_blocks|samplers)\\.\\d",
    "re:.*(embedding|time_emb_proj|linear_\\d|cond_proj)",
    "re:.*(norm\\d|resnets\\.\\d|attn\\d|ff|attentions\\.\\d|mid_block|_embedding):in",
    "re:.*(resnets\\.\\d|attn\\d|ff|attentions\\.\\d|mid_block):delta",
  ]

  @Test(
    arguments: pairs.filter { ["-xl", "-pixels", "-resnets"].contains($0.checkpoint.dropFirst(9)) }, patterns)
  func steering(call: Call, pattern: String) throws {
    let model = try call.model()
    // Not every checkpoint has every kind of module.
    guard (try? model.sites(matching: [pattern])) != nil else { return }
    let map = try model.randomMap(at: pattern)
    try checkSteering(at: [0.6], within: 1e-9) { variant, isSteered, strength in
      try run(call, variant, steeredBy: isSteered ? map : nil, strength: strength)[0].values
    }
  }

  // MARK: Fitting

  /// On samples whose texts differ in length, at sites of pixels, of rows of text and of entries.
  @Test(arguments: EntryFitTests.orders) func fitsEqualTheOracle(order: FitOrder) throws {
    let model = try Model(fixture("tiny-unet"), part: ModelPart(size: ImageSize(width: 4, height: 3)))
    func samples(_ lengths: [Int], seed: UInt64) throws -> [FitSample] {
      var random = SplitMix64(state: seed)
      func values(_ count: Int) -> [Float] { (0..<count).map { _ in .random(in: -2...2, using: &random) } }
      let (count, rows) = (lengths.count, lengths.reduce(0, +))
      let inputs = EntryInputs(
        path: "samples",
        [
          "sample": .init(values(count * 48), shape: [count, 4, 3, 4]),
          "timestep": .init((0..<count).map { Float($0 * 90 + 5) }, shape: [count]),
          "encoder_hidden_states": .init(values(rows * 10), shape: [rows, 10]),
          "sequences": .init(lengths.enumerated().flatMap { [Int](repeating: $0, count: $1) }),
        ])
      return try TensorSamples.entries(of: inputs, for: model, digest: "\(seed)")
    }
    let data = PairedSamples(
      source: try samples([3, 1, 4, 2, 5], seed: 1), target: try samples([2, 2, 6, 1], seed: 2))
    let sites = try model.sites(matching: [
      "*norm?", "*attn2", "*.attn2.to_k", "*time_emb_proj", "*.resnets.0", "mid_block", "conv_norm_out",
    ])
    var options = FitOptions(method: linearAct)
    options.samples.order = order
    let found = try fit(model, data, sites: sites, options: options)
    let expected = try naiveFit(model, data, sites: sites, options: options)
    for (found, expected) in zip(found.sites, expected.sites) { #expect(found == expected, "\(found.name)") }
    #expect(found.sites.map(\.name) == sites && expected.sites.count == sites.count && sites.count > 40)
  }

  // MARK: Files

  /// Old checkpoints call the layers of attention among pixels otherwise.
  @Test func oldNamesOfAttention() throws {
    let call = Call(checkpoint: "tiny-unet-pixels", name: "call1")
    let tensors = try Checkpoint(fixture(call.checkpoint))
    func old(_ name: String) -> String {
      guard !name.contains("transformer_blocks") else { return name }
      return [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")].reduce(name) {
        name, pair in
        let parts = name.split(separator: ".\(pair.0).", omittingEmptySubsequences: false)
        return parts.joined(separator: ".\(pair.1).")
      }
    }
    let names = Dictionary(uniqueKeysWithValues: tensors.names.map { (old($0), $0) })
    #expect(names.keys.contains("down_blocks.0.attentions.0.proj_attn.weight"))
    let graph = try ModelGraph(
      configuration: JSON(readingFile: fixture("\(call.checkpoint)/config.json")), path: "config.json",
      part: ModelPart(size: ImageSize(width: 4, height: 4)), tensors: names.keys.sorted(),
      weightType: { names[$0].flatMap { tensors.tensor(named: $0) }.flatMap { TensorType($0.info) } }
    ).graph
    #expect(graph.sites.map(\.name) == (try call.model().graph.sites.map(\.name)))
  }

  private func build(
    _ checkpoint: String = "tiny-unet", size: ImageSize? = ImageSize(width: 8, height: 8),
    changing changes: [String: String] = [:]
  ) throws -> ModelGraph { try changedGraph(checkpoint, size, changing: changes) }

  @Test(arguments: [
    ("down_block_types", #"["AttnSkipDownBlock2D", "DownBlock2D", "DownBlock2D"]"#),
    ("up_block_types", #"["SkipUpBlock2D", "UpBlock2D", "UpBlock2D"]"#),
    ("mid_block_type", #""other""#),
    ("dual_cross_attention", "true"), ("attention_type", #""gated""#),
    ("addition_embed_type", #""image_hint""#), ("class_embed_type", #""other""#),
    ("encoder_hid_dim_type", #""ip_image_proj""#), ("cross_attention_norm", #""other""#),
    ("time_embedding_type", #""other""#),
    ("resnet_time_scale_shift", #""ada_group""#), ("act_fn", #""other""#), ("some_key", "3"),
  ])
  func whatIsNotSupportedIsNamed(key: String, value: String) throws {
    let error = #expect(throws: FileError.self) { try build(changing: [key: value]) }
    #expect(error?.isUnsupported == true && error?.place == key, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("block_out_channels", "[8, 8, 13]", "block_out_channels"),
    ("layers_per_block", "[2, 2]", "layers_per_block"),
    ("down_block_types", #"["DownBlock2D"]"#, "down_block_types"),
    ("norm_num_groups", "null", "norm_num_groups"),
    ("attention_head_dim", "[2, 2, 0]", "attention_head_dim"),
    ("attention_head_dim", "9", "attention_head_dim"),
    ("downsample_padding", "3", "downsample_padding"), ("freq_shift", "4", "block_out_channels"),
    ("conv_in_kernel", "256", "conv_in_kernel"), ("only_cross_attention", "[true]", "only_cross_attention"),
    ("cross_attention_dim", "[10, 9, 8]", "cross_attention_dim"),
    ("transformer_layers_per_block", "[1, 1]", "transformer_layers_per_block"),
    ("transformer_layers_per_block", "[[1, 1], 1, 1]", "reverse_transformer_layers_per_block"),
    ("encoder_hid_dim_type", #""text_proj""#, "encoder_hid_dim"),
    ("class_embed_type", #""projection""#, "projection_class_embeddings_input_dim"),
    ("addition_embed_type", #""text_time""#, "addition_time_embed_dim"),
    ("addition_embed_type", #""text""#, "addition_embed_type_num_heads"),
    ("addition_embed_type", #""image""#, "encoder_hid_dim"),
  ])
  func whatIsWrongIsNamed(key: String, value: String, place: String) throws {
    let error = #expect(throws: FileError.self) { try build(changing: [key: value]) }
    #expect(error?.isUnsupported == false && error?.place == place, "\(String(describing: error))")
  }

  @Test func theSizeMustBeKnown() throws {
    let error = #expect(throws: ModelPartError.self) { try build(size: nil) }
    #expect(error?.description == "the size of the sample is not known: give --size WIDTHxHEIGHT")
  }

  /// Where the published code fails, the size is at fault.
  @Test(arguments: [
    ("tiny-unet-pixels", ImageSize(width: 5, height: 4)),
    ("tiny-unet-resnets", ImageSize(width: 4, height: 3)),
    ("tiny-unet-resnets", ImageSize(width: 1, height: 1)),
  ])
  func sizesThatDoNotFit(checkpoint: String, size: ImageSize) throws {
    let error = #expect(throws: ModelPartError.self) { try build(checkpoint, size: size) }
    #expect(error?.description.contains("--size") == true, "\(String(describing: error))")
  }
}

extension EntryInputs.Tensor {
  fileprivate var integers: [Int] {
    guard case .integers(let values) = elements else { return [] }
    return values
  }

  /// Some along the first axis.
  fileprivate func slice(_ range: Range<Int>) -> Self {
    let size = shape.dropFirst().reduce(1, *)
    let part = range.lowerBound * size..<range.upperBound * size
    switch elements {
    case .integers(let values): return .init(Array(values[part]))
    case .floats(let floats):
      return .init(floats.withElements { Array($0[part]) }, shape: [range.count] + shape.dropFirst())
    }
  }
}
