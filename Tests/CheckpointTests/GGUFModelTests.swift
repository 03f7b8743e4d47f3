import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Small models of every architecture of GGUF files, as llama.cpp's converter wrote them
/// (`Scripts/make-gguf-models.py`), against what `transformers` computes for the checkpoints that they were made from.
@Suite struct GGUFModelTests {
  static let decoders = [
    "llama", "llama3", "llama3-other", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi2",
    "phi3", "phi3-longrope", "gpt2", "gptneox", "gptneox-serial", "olmo2", "stablelm", "stablelm-parallel",
    "granite",
    "command-r", "mixtral", "qwen2moe", "qwen3moe",
  ]
  static let encoders = ["bert", "roberta"]

  private static func file(_ name: String) -> String { fixture("gguf/\(name).gguf") }

  private func reference(_ name: String) throws -> TensorFile {
    try TensorFile(fixture("gguf/\(name).safetensors"))
  }

  private func check(_ values: [Float], against expected: [Float]) {
    let deviation = Deviation(values, from: expected)
    #expect(deviation.normalizedSquaredError <= 1e-8, "\(deviation)")
    #expect(deviation.largestRelative <= 1e-3, "\(deviation)")
  }

  @Test(arguments: decoders)
  func logits(decoder: String) throws {
    let reference = try reference(decoder)
    let model = try Model(Self.file(decoder))
    for variant in [Variant.reference, .live] {
      let logits = try model.makeEngine(variant).run(try reference.integers("tokens"))
      check(logits, against: try reference.floats("logits"))
    }
  }

  @Test(arguments: encoders)
  func states(encoder: String) throws {
    let reference = try reference(encoder)
    let model = try EntryModel(Model(Self.file(encoder)).makeEngine(), path: encoder)
    let tokens = try reference.integers("tokens").map(Int.init)
    let text = EncoderText(tokens, types: tokens.map { _ in 0 })
    check(try model.run([text])[0], against: try reference.floats("last_hidden_state"))
  }

  /// The directory that a file is imported to is the same model: graph, fingerprint, and plan but for its provenance.
  @Test(arguments: decoders + encoders)
  func equalsTheImport(name: String) throws {
    let directory = try TemporaryDirectory()
    try importGGUF(from: Self.file(name), to: directory.file("model"))
    let (direct, imported) = (try Model(Self.file(name)), try Model(directory.file("model")))
    #expect(direct.graph.description == imported.graph.description)
    #expect(direct.contextLength == imported.contextLength)
    #expect(direct.fingerprint == imported.fingerprint)
    #expect(try direct.endTokens() == imported.endTokens())
    for weights in [WeightType.bf16, .q4, nil] {
      var options = CompileOptions()
      options.weights = weights
      for (model, plan) in [(direct, "direct.plan"), (imported, "imported.plan")] {
        try model.compile(MapSet(), options).write(to: directory.file(plan), provenance: .null)
      }
      #expect(
        try directory.read("direct.plan") == directory.read("imported.plan"),
        "\(weights?.rawValue ?? "stored")")
    }
  }

  /// An engine keeps what it reads of a model: decoded tensors that are the plan's own too.
  @Test(arguments: ["llama", "gpt2", "gemma"])
  func enginesOutliveModels(name: String) throws {
    let tokens = try reference(name).integers("tokens")
    func engine(_ weights: WeightType?) throws -> Engine {
      try Model(Self.file(name)).makeEngine(weights: weights)
    }
    let engine = try engine(nil)
    let first = try engine.run(tokens)
    #expect(try sameBits(engine.run(tokens), first))
    #expect(try sameBits(Model(Self.file(name)).makeEngine(weights: nil).run(tokens), first))
  }

  /// A map that was fitted on a file applies to the imported directory, and the other way round.
  @Test func mapsApplyToBoth() throws {
    let directory = try TemporaryDirectory()
    try importGGUF(from: Self.file("granite"), to: directory.file("model"))
    let (direct, imported) = (try Model(Self.file("granite")), try Model(directory.file("model")))
    let tokens = try reference("granite").integers("tokens")
    let map = try direct.fitRandomMap(at: "*.o_proj", vocabulary: 64)
    let logits = try [direct, imported].map {
      try $0.makeEngine(steeredBy: map, .frozen, strength: 1).run(tokens)
    }
    #expect(sameBits(logits[0], logits[1]))
  }

  @Test func everyArchitectureIsHere() {
    let names = (Self.decoders + Self.encoders).compactMap { try? Model(Self.file($0)).graph.name }
    #expect(names.count == Self.decoders.count + Self.encoders.count)
    let architectures = (Self.decoders + Self.encoders).compactMap { name in
      try? GGUFFile(Self.file(name)).metadata["general.architecture"]?.string
    }
    #expect(Set(architectures) == Set(ggufArchitectures.map(\.gguf)))
  }
}
