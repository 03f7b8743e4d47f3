import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Checkpoints with maps baked into them compute what the steered model computes.
@Suite struct BakeTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let strength: Float = 0.75

  private func bake(
    _ map: MapFile, into model: Model, for loader: CheckpointLoader = .transformers,
    approximate: Bool = false,
    precision: ImportPrecision = .f32
  ) throws -> (baked: BakedModel, model: Model) {
    var maps = MapSet()
    try maps.add(map, name: steeringMap, path: "the map", model: model)
    let baked = try model.bake(
      maps,
      BakeOptions(
        strengths: [steeringMap: Self.strength], loader: loader, isApproximate: approximate,
        precision: precision))
    let path = directory.file("baked\(directory.contents.count)")
    let output = try AtomicDirectory(path, replacing: nil)
    try baked.write(to: output)
    try output.commit()
    return (baked, try Model(path))
  }

  private func logits(of model: Model, steeredBy map: MapFile? = nil) throws -> [Float] {
    let engine = try model.makeEngine(steeredBy: map, .frozen, strength: Self.strength)
    return try engine.run(randomPrompt(20, vocabulary: 96))
  }

  /// The largest error over the largest logit.
  private func error(of values: [Float], from reference: [Float]) -> Float {
    let largest = reference.map(\.magnitude).max() ?? 0
    return (zip(values, reference).map { ($0 - $1).magnitude }.max() ?? .infinity) / largest
  }

  private func check(
    _ form: MapForm, at sites: [String], of model: Model, changing changes: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let map = form.map(at: sites, of: model)
    let (baked, copy) = try bake(map, into: model)
    #expect(baked.leftOut.isEmpty, sourceLocation: sourceLocation)
    #expect(baked.form.changes == changes, sourceLocation: sourceLocation)
    let reference = try logits(of: model, steeredBy: map)
    let error = self.error(of: try logits(of: copy), from: reference)
    #expect(error <= 1e-5, "\(form) at \(sites)", sourceLocation: sourceLocation)
    let bare = try logits(of: model)
    #expect(self.error(of: bare, from: reference) > 1e-3, sourceLocation: sourceLocation)
  }

  /// The sites of a model whose values are norms' or linear layers', but for the head.
  private func sites(of model: Model, where isWanted: (Op) -> Bool) -> [String] {
    model.graph.order.compactMap { id in
      let node = model.graph[id]
      guard let site = node.site, !site.hasSuffix("lm_head"), isWanted(node.op) else { return nil }
      return site
    }
  }

  // MARK: What has a home

  /// Every family has a weight for every scale of a norm and of a linear layer, and no loader drops one.
  @Test(arguments: smallDecoders + smallCheckpoints)
  func scalesHaveAHome(decoder: String) throws {
    let model = try Model(fixture(decoder))
    // A norm without a gain is followed by layers that take the scale.
    let sites = sites(of: model) { op in
      switch op {
      case .rmsNorm, .layerNorm, .linear: true
      default: false
      }
    }
    try check(.scale, at: sites, of: model)
    // Of the fixtures with biases that are switched on, not every loader reads the model itself.
    let configuration = try JSON(readingFile: fixture("\(decoder)/config.json"))
    guard configuration["attention_bias"]?.bool != true else { return }
    var maps = MapSet()
    try maps.add(MapForm.scale.map(at: sites, of: model), name: "m", path: "m", model: model)
    for loader in [CheckpointLoader.vllm, .llamaCpp] {
      #expect(try model.bake(maps, BakeOptions(strengths: ["m": 1], loader: loader)).form.changes.isEmpty)
    }
  }

  /// A family, sites with a home for a scale and a shift, and what changes in the configuration.
  struct Home: CustomTestStringConvertible {
    var checkpoint: String
    var form = MapForm.affine
    var sites: String
    var changes: [String] = []
    var testDescription: String { "\(checkpoint) \(form) \(sites)" }

    init(_ checkpoint: String, _ form: MapForm, _ sites: String, _ changes: String...) {
      (self.checkpoint, self.form, self.sites, self.changes) = (checkpoint, form, sites, changes)
    }

    /// Of a scale and a shift.
    init(_ checkpoint: String, _ sites: String, _ changes: String...) {
      (self.checkpoint, self.sites, self.changes) = (checkpoint, sites, changes)
    }
  }

  private static let attention = "attention_bias = true"
  private static let mlp = "mlp_bias = true"
  private static let ownHead = "tie_word_embeddings = false"
  private static let asLlama = "architectures = LlamaForCausalLM"

  static let homes = [
    Home("tiny-plain", "*.o_proj", attention),
    Home("tiny-plain", "*.input_layernorm", attention),
    Home("tiny-plain", "*.post_attention_layernorm", mlp),
    Home("tiny-plain", "*.mlp.*_proj", mlp),
    Home("tiny-plain", "re:.*(_layernorm|_proj)", attention, mlp),
    Home("tiny-plain", .shift, "re:model\\.layers\\.[0-9]+", mlp),
    Home("tiny-plain", .scale, "*.act_fn"),
    Home("tiny-plain", "model.embed_tokens"),
    Home("tiny-plain", .lowRank, "*.o_proj", attention),
    Home("tiny-plain", .lowRank, "*.input_layernorm", attention),
    Home("tiny-gqa", .lowRank, "*.post_attention_layernorm", mlp),
    Home("tiny-gpt2", .lowRank, "re:.*(ln_1|c_proj)"),
    Home("tiny-tied", "model.embed_tokens", ownHead),
    Home("tiny-tied", .scale, "lm_head", ownHead),
    Home("tiny-gqa", "re:.*(_layernorm|[a-z]_proj)", attention, mlp),
    Home("tiny-qwen2", "*.input_layernorm"),
    Home("tiny-qwen2", "*.post_attention_layernorm", asLlama, attention, mlp),
    Home("tiny-qwen2", "*.o_proj", asLlama, attention),
    Home("tiny-qwen3", "re:.*(input_layernorm|o_proj)", attention),
    Home("tiny-qwen3-yarn", "re:.*(input_layernorm|o_proj)", attention),
    Home("tiny-qwen3-moe", "re:.*(input_layernorm|o_proj)", attention),
    Home("tiny-stablelm", "re:.*(_layernorm|[qkv]_proj)", "use_qkv_bias = true"),
    Home("tiny-cohere", "*.o_proj", attention),
    Home("tiny-qwen3", .scale, "*_norm"),
    Home("tiny-gemma", "re:.*(input_layernorm|o_proj)", attention),
    Home("tiny-gemma2", "re:.*(input_layernorm|o_proj)", attention),
    Home("tiny-gemma3", "re:.*(input_layernorm|o_proj)", attention),
    Home("tiny-gpt2", "re:.*(ln_1|ln_2|c_attn|c_proj|c_fc)"),
    Home("tiny-gpt2", .shift, "re:transformer\\.h\\.[0-9]+"),
    Home("tiny-gpt2", .shift, "transformer.wpe"),
    Home("tiny-gpt-neox", "re:.*(layernorm|query_key_value|dense|4h|_to_h)"),
    Home("tiny-gpt-neox", .shift, "re:gpt_neox\\.layers\\.[0-9]+"),
    Home("tiny-gpt-neox-serial", .shift, "re:gpt_neox\\.layers\\.[0-9]+"),
    Home("tiny-olmo2", "*.o_proj", attention),
    Home("tiny-phi", .shift, "re:model\\.layers\\.[0-9]+"),
    Home("tiny-opt", .shift, "re:model\\.decoder\\.layers\\.[0-9]+"),
    Home("tiny-granite", .shift, "re:model\\.layers\\.[0-9]+", mlp),
    Home("tiny-granite", "re:.*(_layernorm|_proj)", attention, mlp),
  ]

  @Test(arguments: homes) func havesAHome(home: Home) throws {
    let model = try Model(fixture(home.checkpoint))
    // What is on already does not change.
    let isOn = { (change: String) -> Bool in
      let key = String(change.split(separator: " ")[0])
      return (try? JSON(readingFile: fixture("\(home.checkpoint)/config.json")))?[key]?.bool == true
    }
    let changes = home.changes.filter { $0 == Self.ownHead || !isOn($0) }
    try check(home.form, at: model.sites(matching: [home.sites]), of: model, changing: changes)
  }

  /// A scale of nothing needs no bias.
  @Test func strengthZeroChangesNothing() throws {
    let model = try Model(fixture("tiny-mistral"))
    var maps = MapSet()
    let map = MapForm.affine.map(at: try model.sites(matching: ["*"]), of: model)
    try maps.add(map, name: "m", path: "m", model: model)
    let baked = try model.bake(maps, BakeOptions(strengths: ["m": 0]))
    #expect(baked.changedCount == 0 && baked.form.changes.isEmpty)
  }

  /// A shift whose numbers are zero needs no bias either.
  @Test func shiftsOfZeroNeedNoHome() throws {
    let model = try Model(fixture("tiny-qwen2-windows"))
    var map = MapForm.affine.map(at: try model.sites(matching: ["*.post_attention_layernorm"]), of: model)
    for index in map.sites.indices {
      map.sites[index].parameters["b"] = MapParameter([Float](repeating: 0, count: map.sites[index].width))
    }
    let (baked, copy) = try bake(map, into: model)
    #expect(baked.form.changes.isEmpty)
    #expect(try error(of: logits(of: copy), from: logits(of: model, steeredBy: map)) <= 1e-5)
  }

  /// Tensors stay in the type of the model's own, rounded once.
  @Test(arguments: ["tiny-gemma", "tiny-gpt2", "tiny-phi3", "tiny-mistral"])
  func storedTypesRound(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = MapForm.scale.map(at: sites(of: model) { $0.isNorm }, of: model)
    let (_, copy) = try bake(map, into: model, precision: .stored)
    for name in model.checkpoint.names {
      #expect(copy.checkpoint.info(of: name)?.dtype == model.checkpoint.info(of: name)?.dtype)
      #expect(copy.checkpoint.info(of: name)?.shape == model.checkpoint.info(of: name)?.shape)
    }
    #expect(copy.checkpoint.names == model.checkpoint.names)
    let error = self.error(of: try logits(of: copy), from: try logits(of: model, steeredBy: map))
    #expect(error <= 2e-2)
  }

  /// A model in shards becomes one in the same shards, in which a new tensor stands beside that of its module.
  @Test func shardsStay() throws {
    let whole = try Model(fixture("tiny-plain"))
    let path = try directory.makeDirectory("shards")
    let names = whole.checkpoint.names
    var places: [JSON.Member] = []
    for (index, part) in [names.prefix(20), names.dropFirst(20)].enumerated() {
      let file = "model-0000\(index + 1)-of-00002.safetensors"
      let infos = part.compactMap { whole.checkpoint.info(of: $0) }
      let entries = infos.map { SafetensorsWriter.Entry($0.name, $0.dtype, $0.shape) }
      let writer = try SafetensorsWriter("\(path)/\(file)", entries)
      for info in infos {
        let tensor = try #require(whole.checkpoint.tensor(named: info.name))
        try withExtendedLifetime(tensor.elements.owner) { try writer.append(tensor.bytes, to: info.name) }
      }
      try writer.finish()
      places += part.map { JSON.Member($0, .string(file)) }
    }
    let index: JSON = .object(["weight_map": .object(places)])
    try directory.write(index.description, to: "shards/model.safetensors.index.json")
    try directory.write(readBytes(fixture("tiny-plain/config.json")), to: "shards/config.json")

    let model = try Model(path)
    let map = MapForm.affine.map(at: try model.sites(matching: ["*.o_proj"]), of: model)
    let (_, copy) = try bake(map, into: model)
    #expect(Set(copy.checkpoint.files.map(\.name)) == Set(model.checkpoint.files.map(\.name)))
    for file in copy.checkpoint.files {
      for bias in file.tensors where bias.hasSuffix("_proj.bias") {
        #expect(file.tensors.contains(bias.dropLast("bias".count) + "weight"), "\(bias) in \(file.name)")
      }
    }
    #expect(copy.checkpoint.names.count == names.count + 4 * 4)
    #expect(try error(of: logits(of: copy), from: logits(of: model, steeredBy: map)) <= 1e-5)
  }

  // MARK: What has none

  struct Refusal: CustomTestStringConvertible {
    var checkpoint: String
    var form: MapForm
    var sites: String
    var loader: CheckpointLoader
    var words: [String]
    var testDescription: String { "\(checkpoint) \(form) \(sites) for \(loader.rawValue)" }

    init(
      _ checkpoint: String, _ form: MapForm, _ sites: String, _ loader: CheckpointLoader, _ words: String...
    ) {
      (self.checkpoint, self.form, self.sites) = (checkpoint, form, sites)
      (self.loader, self.words) = (loader, words)
    }
  }

  static let refusals = [
    Refusal("tiny-qwen3", .shift, "*.o_proj", .vllm, "o_proj", "vllm does not read"),
    Refusal("tiny-qwen3-yarn", .shift, "*.o_proj", .vllm, "o_proj", "vllm"),
    Refusal("tiny-qwen3-yarn", .shift, "*.o_proj", .llamaCpp, "o_proj", "llama.cpp reads"),
    Refusal("tiny-qwen3-yarn", .shift, "*.post_attention_layernorm", .transformers, "mlp."),
    Refusal("tiny-gemma2", .shift, "*.o_proj", .llamaCpp, "o_proj"),
    Refusal("tiny-gemma2", .shift, "*.post_feedforward_layernorm", .transformers, "no weight", "shift"),
    Refusal("tiny-gemma3", .shift, "re:model\\.layers\\.[0-9]+", .transformers, "no weight", "shift"),
    Refusal("tiny-olmo2", .shift, "re:model\\.layers\\.[0-9]+", .transformers, "no weight", "shift"),
    Refusal("tiny-mistral", .shift, "*.o_proj", .transformers, "o_proj", "MistralForCausalLM"),
    Refusal("tiny-phi3", .shift, "*.o_proj", .transformers, "o_proj", "Phi3ForCausalLM"),
    Refusal("tiny-qwen2-windows", .shift, "*.o_proj", .transformers, "o_proj", "Qwen2ForCausalLM"),
    Refusal("tiny-plain", .scale, "re:model\\.layers\\.[0-9]+", .transformers, "no weight", "scale"),
    Refusal("tiny-plain", .shift, "model.norm", .transformers, "lm_head"),
    Refusal("tiny-plain", .shift, "*.act_fn", .transformers, "no weight", "shift"),
    Refusal("tiny-plain", .gated, "*.o_proj", .transformers, "affine"),
    Refusal("tiny-gemma2", .affine, "model.embed_tokens", .llamaCpp, "embed_tokens"),
  ]

  @Test(arguments: refusals) func isRefused(refusal: Refusal) throws {
    let model = try Model(fixture(refusal.checkpoint))
    let sites = try model.sites(matching: [refusal.sites])
    let map = refusal.form.map(at: sites, of: model)
    let error = #expect(throws: BakeError.self) { try bake(map, into: model, for: refusal.loader) }
    let text = try #require(error).description
    for word in refusal.words + [steeringMap, "actc convert"] { #expect(text.contains(word), "\(text)") }
    #expect(Set(try #require(error).homeless.map(\.site)) == Set(sites))
    #expect(directory.contents.isEmpty)
  }

  /// Where a loader does not read the model itself, it reads no copy of it.
  @Test(
    arguments: [
      ("tiny-gemma", .vllm), ("tiny-gemma", .llamaCpp), ("tiny-olmo2", .vllm), ("tiny-qwen3", .llamaCpp),
    ] as [(String, CheckpointLoader)])
  func modelsThatALoaderDoesNotRead(checkpoint: String, loader: CheckpointLoader) throws {
    let model = try Model(fixture(checkpoint))
    let map = MapForm.shift.map(at: try model.sites(matching: ["*.o_proj"]), of: model)
    let error = #expect(throws: FileError.self) { try bake(map, into: model, for: loader) }
    #expect(try #require(error).description.contains("\(loader.rawValue) reads no such checkpoint"))
    #expect(error?.isUnsupported == true)
  }

  /// What has a home is baked, and the rest left out and named.
  @Test func approximately() throws {
    let model = try Model(fixture("tiny-mistral"))
    let map = MapForm.affine.map(at: try model.sites(matching: ["*_layernorm", "*.act_fn"]), of: model)
    let (baked, copy) = try bake(map, into: model, approximate: true)
    #expect(Set(baked.leftOut.map(\.site)) == Set(map.sites.map(\.name)))
    // The scales of the norms are there; the shifts, and the maps after the activation, are not.
    var scales = MapForm.scale.map(at: try model.sites(matching: ["*_layernorm"]), of: model)
    for index in scales.sites.indices {
      let site = map.sites.first { $0.name == scales.sites[index].name }
      scales.sites[index].parameters["a"] = site?.parameters["a"]
    }
    #expect(try error(of: logits(of: copy), from: logits(of: model, steeredBy: scales)) <= 1e-5)
    // Nothing of a map is an error all the same.
    let gated = MapForm.gated.map(at: try model.sites(matching: ["*.o_proj"]), of: model)
    #expect(throws: BakeError.self) { try bake(gated, into: model, approximate: true) }
    let shifts = MapForm.shift.map(at: try model.sites(matching: ["*.o_proj"]), of: model)
    #expect(throws: BakeError.self) { try bake(shifts, into: model, approximate: true) }
  }

  @Test func scopesAreRefused() throws {
    let model = try Model(fixture("tiny-plain"))
    let map = try model.randomMap(at: "*.o_proj", scope: "generated")
    let error = #expect(throws: BakeError.self) { try bake(map, into: model) }
    #expect(try #require(error).description.contains("some tokens only"))
  }

  /// How far the checkpoint is from the steered model, measured as users see it.
  @Test func measures() throws {
    let model = try Model(fixture("tiny-plain"))
    var maps = MapSet()
    let map = MapForm.affine.map(at: try model.sites(matching: ["*.o_proj"]), of: model)
    try maps.add(map, name: "m", path: "m", model: model)
    for (precision, most) in [(ImportPrecision.f32, 1e-10), (.bf16, 1e-3)] {
      let baked = try model.bake(maps, BakeOptions(strengths: ["m": 1], precision: precision))
      let output = try AtomicDirectory(directory.file("x"), replacing: nil)
      try baked.write(to: output)
      let measured = try #require(try baked.measure(output.provisionalPath, maps))
      #expect(measured.normalizedSquaredError <= most)
      #expect(precision == .f32 || measured.normalizedSquaredError > 1e-9)
      #expect(measured.errorWithoutMaps > 1e-3)
    }
    #expect(directory.contents.isEmpty)
  }
}

extension Op {
  fileprivate var isNorm: Bool {
    switch self {
    case .rmsNorm, .layerNorm: true
    default: false
    }
  }
}
