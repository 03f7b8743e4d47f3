import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Small encoders against what `transformers` computes for them (`Scripts/make-tiny-bert.py`).
@Suite struct EncoderTests {
  private func record(_ input: String, _ checkpoint: String) -> String {
    fixture("\(checkpoint)/\(input).safetensors")
  }

  private func check(
    _ results: [ResultTensor], against path: String, atMost limit: Double, names: [String]
  ) throws {
    let reference = try SafetensorsFile(path)
    #expect(results.map(\.name) == names)
    for result in results {
      #expect(result.shape == reference[result.name]?.shape, "\(result.name)")
      let deviation = Deviation(result.values, from: try TensorFile(path).floats(result.name))
      #expect(deviation.normalizedSquaredError <= limit, "\(result.name)")
    }
  }

  /// The results that are recorded.
  private func results(_ checkpoint: String) throws -> [String] {
    let file = try SafetensorsFile(record("input1", checkpoint))
    return ["last_hidden_state", "pooler_output", "logits", "text_embeds"].filter { file[$0] != nil }
  }

  @Test(arguments: smallEncoders + smallClassifiers, recordedInputs)
  func results(checkpoint: String, input: String) throws {
    let model = try EntryModel(Model(fixture(checkpoint)).makeEngine(), path: checkpoint)
    let path = record(input, checkpoint)
    let inputs = try EntryInputs(SafetensorsFile(path), for: model.plan.inputs)
    try check(try model.evaluate(inputs), against: path, atMost: 1e-8, names: try results(checkpoint))
  }

  /// Norms, and the linear layers that end attention and MLP, as they are written and as they are fused.
  @Test(
    arguments: (smallEncoders + smallClassifiers).filter { $0 != "tiny-bert-old" },
    [Variant.live, .inserted, .reference])
  func sites(checkpoint: String, variant: Variant) throws {
    let model = try EntryModel(Model(fixture(checkpoint)).makeEngine(variant), path: checkpoint)
    let path = record("input1", checkpoint)
    let file = try SafetensorsFile(path)
    let recorded = Set(
      file.tensors.map(\.name).filter {
        $0.contains(".") || $0.contains("classifier") || $0 == "text_projection" || $0 == "final_layer_norm"
      })
    let observable = model.engine.observableSites.filter { recorded.contains($0) }
    #expect(variant == .live ? !observable.isEmpty : observable.count == recorded.count)
    let inputs = try EntryInputs(file, for: model.plan.inputs)
    try check(
      try model.evaluate(inputs, sites: recorded), against: path, atMost: 1e-8,
      names: try results(checkpoint) + observable)
  }

  /// Rounded weights, keys and values. Measured: up to 1.2e-4 in bf16, where activations may be rounded too, and 6e-4 in
  /// q8.
  @Test(arguments: smallEncoders, [(WeightType.bf16, 2e-4), (.q8, 2e-3)])
  func narrowWeights(checkpoint: String, _ weights: (type: WeightType, limit: Double)) throws {
    let engine = try Model(fixture(checkpoint)).makeEngine(weights: weights.type, cache: .bf16)
    #expect(engine.plan.hasNarrowValues)
    let model = try EntryModel(engine, path: checkpoint)
    let path = record("input2", checkpoint)
    let inputs = try EntryInputs(SafetensorsFile(path), for: model.plan.inputs)
    try check(
      try model.evaluate(inputs), against: path, atMost: weights.limit, names: try results(checkpoint))
  }
}
