import ActCompile
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Small checkpoints against what `transformers` computes for them (`Scripts/make-tiny-llama.py`).
@Suite struct TransformersTests {
  @Test(arguments: smallCheckpoints, recordedPrompts)
  func logits(checkpoint: String, prompt: String) throws {
    let reference = try record(of: prompt, by: checkpoint)
    let engine = try Model(fixture(checkpoint)).makeEngine()
    let logits = try engine.run(try reference.integers("tokens"))
    let deviation = Deviation(logits, from: try reference.floats("logits"))
    #expect(deviation.normalizedSquaredError <= 1e-8)
    #expect(deviation.largestRelative <= 1e-3)
  }

  /// Weights in bf16, as the checkpoint has them. Where the CPU multiplies bf16, activations are rounded to it too.
  @Test func weightsAsStored() throws {
    let reference = try record(of: "prompt2", by: "tiny-tied")
    let engine = try Model(fixture("tiny-tied")).makeEngine(weights: nil)
    #expect(engine.plan.constants.contains { $0.type.dtype == .bf16x16 })
    let logits = try engine.run(try reference.integers("tokens"))
    let roundsActivations = ["avx512bf16", "amx", "amx-emulated"].contains(Engine.instructionSet)
    let deviation = Deviation(logits, from: try reference.floats("logits"))
    #expect(deviation.normalizedSquaredError <= (roundsActivations ? 1e-4 : 1e-8))
  }

  /// Every module's output: norms, projections, the residual stream after each layer.
  @Test(arguments: [("tiny-gqa", layers: 3), ("tiny-qwen2", layers: 2)])
  func sites(checkpoint: String, layers: Int) throws {
    let reference = try record(of: "prompt1", by: checkpoint)
    let recorded = reference.names.filter { $0.hasPrefix("model.") }
    #expect(recorded.count == 2 + layers * 5)
    let engine = try Model(fixture(checkpoint)).makeEngine(recording: recorded)
    let tokens = try reference.integers("tokens")
    for site in recorded {
      let deviation = Deviation(
        try engine.run(tokens, result: site), from: try reference.floats(site))
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(site)")
    }
  }
}
