import ActCompile
import ActConvert
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Control vectors, against what llama.cpp computes with them (`Scripts/make-conversion-fixtures.py`).
@Suite struct ControlVectorTests {
  /// Directories, and a GGUF file.
  static let models = ["tiny-plain", "gguf/llama3-other.gguf", "tiny-qwen2"]

  /// What is recorded of a model.
  private static func file(_ model: String, _ ending: String = "gguf") -> String {
    let stem = model.split(separator: "/").last!.prefix { $0 != "." }
    return fixture("convert/\(stem).\(ending)")
  }

  private func imported(_ checkpoint: String, layerBase: Int = 0) throws -> (map: MapFile, model: Model) {
    let model = try Model(fixture(checkpoint))
    let path = Self.file(checkpoint)
    return (
      try MapFile(ControlVectorFile(reading: path), path: path, model: model, layerBase: layerBase), model
    )
  }

  private func exported(
    _ map: MapFile, _ model: Model, strength: Float = 1, layerBase: Int = 0
  ) throws -> ControlVectorFile {
    try FrozenMap(map, path: "the map", model: model, strength: strength).controlVector(
      model: model, layerBase: layerBase)
  }

  @Test(arguments: models, [Variant.live, .frozen])
  func equalsLlamaCpp(checkpoint: String, variant: Variant) throws {
    let (map, model) = try imported(checkpoint)
    let file = try TensorFile(Self.file(checkpoint, "safetensors"))
    let tokens = try file.integers("tokens").map { Int32($0) }
    for strength: Float in [0, 0.5, 1] {
      let engine = try model.makeEngine(steeredBy: map, variant, strength: strength)
      if variant == .live { try engine.setStrengths([steeringMap: strength], slot: 1) }
      let logits = try engine.run(tokens, slot: variant == .live ? 1 : 0)
      let deviation = Deviation(logits, from: try file.floats("logits_\(strength)"))
      #expect(deviation.largestRelative <= 1e-3, "\(strength): \(deviation)")
    }
  }

  /// There and back, to the bit.
  @Test(arguments: models)
  func roundTrip(checkpoint: String) throws {
    let (map, model) = try imported(checkpoint)
    let vector = try exported(map, model)
    let original = try ControlVectorFile(reading: Self.file(checkpoint))
    #expect(vector.directions == original.directions && vector.width == original.width)
    let directory = try TemporaryDirectory()
    try vector.write(to: directory.file("x.gguf"))
    #expect(try ControlVectorFile(reading: directory.file("x.gguf")) == vector)
    #expect(vector.modelHint == model.modelType)
    let half = try exported(map, model, strength: 0.5)
    #expect(half.directions == original.directions.mapValues { $0.map { $0 * 0.5 } })
  }

  @Test func layerBase() throws {
    let (map, model) = try imported("tiny-plain", layerBase: 1)
    #expect(map.sites.map(\.name) == (0..<3).map { "model.layers.\($0)" })
    #expect(map.fit.method.options["layer_base"] == "1")
    let original = try ControlVectorFile(reading: Self.file("tiny-plain"))
    #expect(try exported(map, model, layerBase: 1).directions == original.directions)
    let error = #expect(throws: FileError.self) { try self.exported(map, model) }
    #expect(error.map { "\($0)" }?.contains("llama.cpp cannot reach block 0") == true)
    let outside = #expect(throws: FileError.self) { try self.imported("tiny-plain", layerBase: -1) }
    #expect(outside.map { "\($0)" }?.contains("direction.3: expected -1 to 2") == true)
  }

  /// Where a shift is one of a block's output, by family; elsewhere the reason.
  @Test(
    arguments: [
      ("tiny-plain", "*.2.mlp.down_proj", nil),
      ("tiny-plain", "*.2.self_attn.o_proj", "`add` model.layers.2 read it"),
      ("tiny-plain", "*.2.post_attention_layernorm", "read it"),
      ("tiny-plain", "model.norm", "reads it"), ("tiny-plain", "lm_head", "it is a result"),
      ("tiny-gpt-neox", "*.1.attention.dense", nil),
      ("tiny-gpt-neox-serial", "*.1.attention.dense", "read it"),
      ("tiny-gpt-neox", "*.1.mlp.dense_4h_to_h", nil), ("tiny-granite", "*.1.mlp.down_proj", nil),
      ("tiny-gemma2", "*.1.mlp.down_proj", "`rms_norm`"),
      ("tiny-gemma2", "*.1.post_feedforward_layernorm", nil),
      ("tiny-gpt2", "*.1.mlp.c_proj", nil), ("tiny-olmo2", "*.1.mlp.down_proj", "`rms_norm`"),
      ("tiny-cohere", "*.1.self_attn.o_proj", nil),
    ] as [(String, String, String?)])
  func shiftsOnTheWay(checkpoint: String, site: String, problem: String?) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(meanAct, at: site, vocabulary: 96)
    guard let problem else {
      let directory = try TemporaryDirectory()
      try exported(map, model, strength: 0.7).write(to: directory.file("x.gguf"))
      let path = directory.file("x.gguf")
      let other = try MapFile(ControlVectorFile(reading: path), path: path, model: model, layerBase: 0)
      let prompt = randomPrompt(12, vocabulary: 96)
      let logits = try model.makeEngine(steeredBy: other, .frozen, strength: 1).run(prompt)
      let expected = try model.makeEngine(steeredBy: map, .frozen, strength: 0.7).run(prompt)
      #expect(Deviation(logits, from: expected).normalizedSquaredError < 1e-10)
      return
    }
    let error = #expect(throws: FileError.self) { try self.exported(map, model) }
    #expect(error?.isUnsupported == true)
    #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
  }

  /// A map is judged by its form and its numbers, not by its method's name.
  @Test func shiftsOfOtherMethods() throws {
    let model = try Model(fixture("tiny-plain"))
    var map = try model.fitRandomMap(linearAct, at: "model.layers.2")
    let scaled = #expect(throws: FileError.self) { try self.exported(map, model) }
    #expect(scaled.map { "\($0)" }?.contains("expected a shift, found channel 0 times") == true)
    map.sites[0].parameters["slope"] = MapParameter([Float](repeating: 1, count: map.sites[0].width))
    let (source, target) = (map.sites[0].parameters["source_mean"]!, map.sites[0].parameters["target_mean"]!)
    let direction = try #require(try exported(map, model).directions[2])
    for (value, (a, b)) in zip(direction, zip(source.values, target.values)) {
      #expect((value - (b - a)).magnitude <= 1e-6)
    }
    let mixing = try model.fitRandomMap(ablation, at: "model.layers.2")
    let mixed = #expect(throws: FileError.self) { try self.exported(mixing, model) }
    #expect(mixed.map { "\($0)" }?.contains("found a map that mixes channels") == true)
    var scoped = try model.fitRandomMap(meanAct, at: "model.layers.2")
    scoped.fit.scope = try #require(TokenScope("prompt"))
    let some = #expect(throws: FileError.self) { try self.exported(scoped, model) }
    #expect(some.map { "\($0)" }?.contains("expected a map of all tokens, found `prompt`") == true)
    let nothing = #expect(throws: FileError.self) { try self.exported(mixing, model, strength: 0) }
    #expect(nothing.map { "\($0)" }?.contains("changes nothing") == true)
  }

  @Test func otherModels() throws {
    let path = Self.file("tiny-plain")
    let vector = try ControlVectorFile(reading: path)
    for (checkpoint, problem) in [
      ("tiny-gemma2", "expected directions of"), ("tiny-bert", "expected a decoder whose blocks are sites"),
      ("tiny-clip-vision", "expected a decoder whose blocks are sites"),
    ] {
      let model = try Model(fixture(checkpoint))
      var vector = vector
      if checkpoint == "tiny-gemma2" { vector = ControlVectorFile([1: [1, 2, 3]], width: 3) }
      let error = #expect(throws: FileError.self) {
        try MapFile(vector, path: path, model: model, layerBase: 0)
      }
      #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
    }
  }
}
