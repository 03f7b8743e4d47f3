import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Adapters of LoRA against what PEFT computes with them (`Scripts/make-lora-fixtures.py`).
@Suite struct AdapterTests {
  private func adapter(_ name: String, _ weight: Double = 1) throws -> LowRankAdapter {
    try LowRankAdapter(fixture("lora/\(name)"), weight: weight)
  }

  static let records = ["llama-a", "llama-b", "llama-ab", "gpt2", "mixtral"]

  private func checkpoint(_ record: String) -> String {
    record.hasPrefix("llama") ? fixture("tiny-gqa") : fixture("tiny-\(record)")
  }

  private func model(_ record: String) throws -> Model {
    let adapters =
      record == "llama-ab"
      ? [try adapter("llama-a", 0.5), try adapter("llama-b", -1.25)] : [try adapter(record)]
    return try Model(checkpoint(record), adapters: adapters)
  }

  private func deviation(_ model: Model, _ record: String, _ variant: Variant) throws -> Deviation {
    let file = try TensorFile(fixture("lora/\(record).safetensors"))
    let tokens = try file.integers("tokens").map { Int32($0) }
    return Deviation(try model.makeEngine(variant).run(tokens), from: try file.floats("logits"))
  }

  @Test(arguments: records, [Variant.live, .reference])
  func equalsPEFT(record: String, variant: Variant) throws {
    #expect(try deviation(model(record), record, variant).normalizedSquaredError <= 1e-8)
    let bare = try Model(checkpoint(record))
    #expect(try deviation(bare, record, variant).normalizedSquaredError > 1e-2)
  }

  /// An adapter by 0 leaves every bit.
  @Test func withoutWeight() throws {
    let tokens: [Int32] = [5, 17, 2, 40]
    let adapted = try Model(fixture("tiny-gqa"), adapters: [adapter("llama-b", 0)])
    #expect(
      sameBits(try adapted.makeEngine().run(tokens), try Model(fixture("tiny-gqa")).makeEngine().run(tokens)))
  }

  /// A map belongs to the model with its adapters.
  @Test func fingerprints() throws {
    let bare = try Model(fixture("tiny-gqa"))
    let prints = try ["llama-a", "llama-b", "llama-ab"].map { try model($0).fingerprint }
    #expect(Set(prints + [bare.fingerprint]).count == 4)
    #expect(try model("llama-a").fingerprint == prints[0])
    let map = try model("llama-a").fitRandomMap(at: "*_layernorm")
    #expect(map.modelFingerprint == prints[0])
    let engine = try model("llama-a").makeEngine(steeredBy: map)
    #expect(engine.plan.dials.count == 1)
  }

  /// What does not fit the model, or is no plain adapter.
  @Test(
    arguments: [
      ("r", "4", "4", nil), ("use_dora", "false", "true", "use_dora"),
      ("bias", "\"none\"", "\"all\"", "bias"),
      ("peft_type", "\"LORA\"", "\"IA3\"", "peft_type"),
      ("lora_alpha", "8", "\"x\"", "lora_alpha: expected a number"),
      ("modules_to_save", "null", "[\"lm_head\"]", "modules_to_save"),
    ] as [(String, String, String, String?)])
  func configurations(key: String, old: String, new: String, problem: String?) throws {
    let directory = try TemporaryDirectory()
    let text = try String(decoding: readBytes(fixture("lora/llama-a/adapter_config.json")), as: UTF8.self)
    let changed = text.replacing("\"\(key)\": \(old)", with: "\"\(key)\": \(new)")
    #expect((changed == text) == (old == new))
    _ = try directory.write(changed, to: "adapter_config.json")
    _ = try directory.write(
      readBytes(fixture("lora/llama-a/adapter_model.safetensors")), to: "adapter_model.safetensors")
    guard let problem else {
      #expect(throws: Never.self) { try LowRankAdapter(directory.path, weight: 1) }
      return
    }
    let error = #expect(throws: FileError.self) { try LowRankAdapter(directory.path, weight: 1) }
    #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func anotherModel() throws {
    for (checkpoint, name, problem) in [
      ("tiny-gpt2", "llama-a", "the model reads no matrix of this module"),
      ("tiny-tied", "llama-a", "expected a product of"),
    ] {
      let error = #expect(throws: FileError.self) {
        try Model(fixture(checkpoint), adapters: [adapter(name)])
      }
      #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
    }
  }
}
