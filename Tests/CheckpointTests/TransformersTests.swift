import ActCompile
import ActIR
import ActLowering
import ActPasses
import ActRuntime
import ModelChecks
import Testing

/// Small checkpoints against what `transformers` computes for them (`Scripts/make-tiny-llama.py`).
@Suite struct TransformersTests {
  @Test(arguments: ["tiny-gqa", "tiny-tied", "tiny-plain"], ["prompt1", "prompt2"])
  func logits(checkpoint: String, prompt: String) throws {
    let reference = try TensorFile(fixture("\(checkpoint)/reference.safetensors"))
    let engine = try Model(fixture(checkpoint)).makeEngine()
    let logits = try engine.run(try reference.integers("\(prompt)/tokens"))
    let deviation = Deviation(logits, from: try reference.floats("\(prompt)/logits"))
    #expect(deviation.normalizedSquaredError <= 1e-8)
    #expect(deviation.largestRelative <= 1e-3)
  }

  /// Weights in bf16, as the checkpoint has them. Where the CPU multiplies bf16, activations are rounded to it too.
  @Test func weightsAsStored() throws {
    let reference = try TensorFile(fixture("tiny-tied/reference.safetensors"))
    let engine = try Model(fixture("tiny-tied")).makeEngine(weights: nil)
    #expect(engine.plan.constants.contains { $0.type.dtype == .bf16x16 })
    let logits = try engine.run(try reference.integers("prompt2/tokens"))
    let roundsActivations = ["avx512bf16", "amx", "amx-emulated"].contains(Engine.instructionSet)
    let deviation = Deviation(logits, from: try reference.floats("prompt2/logits"))
    #expect(deviation.normalizedSquaredError <= (roundsActivations ? 1e-4 : 1e-8))
  }

  /// Every module's output: norms, projections, the residual stream behind each layer.
  @Test func sites() throws {
    let reference = try TensorFile(fixture("tiny-gqa/reference.safetensors"))
    let recorded = reference.names.filter { $0.hasPrefix("prompt1/model.") }.map {
      String($0.dropFirst("prompt1/".count))
    }
    #expect(recorded.count == 2 + 3 * 5)
    let engine = try Model(fixture("tiny-gqa")).makeEngine(recording: recorded)
    let tokens = try reference.integers("prompt1/tokens")
    for site in recorded {
      let deviation = Deviation(
        try engine.run(tokens, result: site), from: try reference.floats("prompt1/\(site)"))
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(site)")
    }
  }
}
