import ActCompile
import ActConvert
import ActFormats
import ActIR
import ActPasses
import ModelChecks
import Testing
import Workbench

/// Adapters made of maps: read back by `--lora`, against frozen plans; and against what PEFT computes with them
/// (`Scripts/make-conversion-fixtures.py`).
@Suite struct LowRankExportTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @discardableResult
  private func export(_ map: MapFile, _ model: Model, strength: Float) throws -> LowRankExport {
    let frozen = try FrozenMap(map, path: "the map", model: model, strength: strength)
    let export = try LowRankExport(frozen, model: model)
    try export.write(to: directory.file("adapter"))
    return export
  }

  private func adapted(_ checkpoint: String) throws -> Model {
    try Model(
      fixture(checkpoint), adapters: [LowRankAdapter(directory.file("adapter"), weight: 1)])
  }

  static let places: [(checkpoint: String, sites: String)] = [
    ("tiny-gqa", "re:.*(o_proj|k_proj|up_proj)"), ("tiny-qwen2", "re:.*(v_proj|down_proj)"),
    ("tiny-gpt2", "re:.*\\.[01]\\.(attn\\.c_attn|mlp\\.c_fc)"), ("tiny-gpt-neox", "*.dense"),
  ]

  /// A map of every affine method, at outputs with and without a bias, narrower and wider than their inputs.
  @Test(arguments: affineMethods, places)
  func equalsTheFrozenPlan(method: SteeringMethod, place: (checkpoint: String, sites: String)) throws {
    let model = try Model(fixture(place.checkpoint))
    let map = try model.fitRandomMap(method, at: place.sites, vocabulary: 96)
    try export(map, model, strength: 0.6)
    let prompt = randomPrompt(14, vocabulary: 96)
    let expected = try model.makeEngine(steeredBy: map, .frozen, strength: 0.6).run(prompt)
    let adapted = try adapted(place.checkpoint)
    for variant in [Variant.live, .reference] {
      let deviation = Deviation(try adapted.makeEngine(variant).run(prompt), from: expected)
      #expect(deviation.normalizedSquaredError <= 1e-10 && deviation.largestRelative <= 1e-4, "\(deviation)")
    }
  }

  static let records = ["low-rank", "diagonal", "transposed"]
  static let checkpoints = ["low-rank": "tiny-gqa", "diagonal": "tiny-qwen2", "transposed": "tiny-gpt2"]

  @Test(arguments: records)
  func equalsPEFT(record: String) throws {
    let checkpoint = Self.checkpoints[record]!
    let model = try Model(fixture(checkpoint))
    let map = try MapFile(reading: fixture("convert/\(record).maps.safetensors"))
    let file = try TensorFile(fixture("convert/\(record).safetensors"))
    let tokens = try file.integers("tokens").map { Int32($0) }
    let frozen = try model.makeEngine(steeredBy: map, .frozen, strength: 0.8).run(tokens)
    try export(map, model, strength: 0.8)
    for (name, logits) in [("frozen", frozen), ("adapter", try adapted(checkpoint).makeEngine().run(tokens))]
    {
      for expected in ["hooks", "peft"] {
        let deviation = Deviation(logits, from: try file.floats(expected))
        #expect(deviation.largestRelative <= 1e-5, "\(name), \(expected): \(deviation)")
      }
    }
  }

  /// The tensors that other readers expect, and no others; ranks as low as the map's.
  @Test func layout() throws {
    let model = try Model(fixture("tiny-gqa"))
    var map = try model.fitRandomMap(lowRankOT, at: "*.o_proj")
    let export = try export(map, model, strength: 1)
    #expect(export.rank == 8 && export.hasBias && export.modulesWithoutBias.count == map.sites.count)
    let file = try SafetensorsFile(directory.file("adapter/adapter_model.safetensors"))
    #expect(file.tensors.count == 3 * map.sites.count)
    let first = "base_model.model.\(map.sites[0].name)"
    #expect(file["\(first).lora_A.weight"]?.shape.first == 8)
    #expect(file["\(first).lora_B.weight"]?.shape == [map.sites[0].width, 8])
    #expect(file["\(first).lora_B.bias"]?.shape == [map.sites[0].width])
    let header = try String(decoding: readBytes(file.path).prefix(4096), as: UTF8.self)
    #expect(!header.contains("__pad"))

    // Two channels of one site, one of another: a rank of two, and no bias.
    map = try model.fitRandomMap(aura, at: "*.o_proj")
    for index in map.sites.indices {
      var factor = [Float](repeating: 1, count: map.sites[index].width)
      for channel in 0..<max(1, 2 - index) { factor[3 * channel] = 0.5 }
      map.sites[index].parameters["factor"] = MapParameter(factor)
    }
    let sparse = try self.export(map, model, strength: 1)
    #expect(sparse.rank == 2 && !sparse.hasBias)
    let json = try JSON(readingFile: directory.file("adapter/adapter_config.json"))
    #expect(json["r"]?.int == 2 && json["lora_alpha"]?.int == 2 && json["lora_bias"]?.bool == false)
    #expect(json["target_modules"]?.array?.compactMap(\.string) == map.sites.map(\.name))
  }

  @Test func refusals() throws {
    let model = try Model(fixture("tiny-gqa"))
    for (method, site, support, strength, problem) in [
      (meanAct, "*.0.input_layernorm", Support.all, 1, "found `rms_norm`"),
      (meanAct, "model.layers.0", .all, 1, "found `add`"),
      (meanAct, "*.0.self_attn.o_proj", .quantiles(lower: 0, upper: 100), 1, "found `select`"),
      (meanAct, "*.0.self_attn.o_proj", .all, 0, "expected a map that changes something"),
    ] as [(SteeringMethod, String, Support, Float, String)] {
      let map = try model.fitRandomMap(method, at: site, support: support)
      let error = #expect(throws: FileError.self) { try self.export(map, model, strength: strength) }
      #expect(error?.isUnsupported == true)
      #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
    }
    #expect(directory.contents.isEmpty)
    let experts = try Model(fixture("tiny-mixtral"))
    let map = try experts.fitRandomMap(meanAct, at: "*.0.mlp.experts.down_proj", vocabulary: 96)
    let error = #expect(throws: FileError.self) { try self.export(map, experts, strength: 1) }
    #expect(error.map { "\($0)" }?.contains("found `expert_linear`") == true)
  }

  /// What lies about a bias.
  @Test(arguments: [
    (#""lora_bias": true"#, #""lora_bias": false"#, "expected a vector, of an adapter with `lora_bias`"),
    ("lora_B.bias", "lora_C.bias", "expected pairs"),
  ])
  func damagedBiases(old: String, new: String, problem: String) throws {
    let model = try Model(fixture("tiny-gqa"))
    try export(try model.fitRandomMap(meanAct, at: "*.0.self_attn.o_proj"), model, strength: 1)
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      let bytes = try readBytes(directory.file("adapter/\(name)"))
      _ = try directory.write(replaced(old, new, in: bytes), to: "adapter/\(name)")
    }
    let error = #expect(throws: FileError.self) {
      try LowRankAdapter(directory.file("adapter"), weight: 1)
    }
    #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
  }

  private func replaced(_ old: String, _ new: String, in bytes: [UInt8]) -> [UInt8] {
    guard let range = bytes.firstRange(of: Array(old.utf8)) else { return bytes }
    return Array(bytes[..<range.lowerBound]) + Array(new.utf8) + Array(bytes[range.upperBound...])
  }
}
