import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// SmolLM2's logits do not depend, in any bit, on how rows are spread over steps and threads.
@Suite(.serialized, SmolLM2.isThere) struct BatchInvarianceTests {
  private let reference: TensorFile
  private let model: Model

  init() throws {
    reference = try TensorFile(fixture("smollm2/reference.safetensors"))
    model = try SmolLM2.model()
  }

  @Test(arguments: WeightType.allCases)
  func chunksAndDecodeEqualOneForward(weights: WeightType) throws {
    let engine = try model.makeEngine(weights: weights, cache: weights == .f32 ? .f32 : .bf16, rows: 256)
    let tokens = Array(try reference.integers("code/tokens").prefix(100))
    let whole = try engine.run(tokens)
    for chunk in [1, 7, 64] {
      #expect(sameBits(try engine.run(tokens, chunk: chunk), whole), "chunks of \(chunk)")
    }
    let schedule =
      [(0..<60).map { RunRow(prompt: 0, position: $0) }]
      + (60..<100).map { [RunRow(prompt: 0, position: $0)] }
    #expect(sameBits(try engine.run([Prompt(tokens)], schedule: schedule)[0], whole))
  }

  @Test func shuffledRowsOfManySequencesEqualEachAlone() throws {
    let engine = try model.makeEngine(threads: 1)
    let twoThreads = try model.makeEngine(threads: 2)
    let prompts = try SmolLM2.prompts.map { Prompt(Array(try reference.integers("\($0)/tokens").prefix(40))) }
    var random = SplitMix64(state: 2)
    let schedule = mixedSchedule(prompts, rowsPerStep: 48, using: &random)
    for (prompt, logits) in zip(prompts, try engine.run(prompts, schedule: schedule)) {
      #expect(sameBits(logits, try engine.run(prompt.tokens)))
      #expect(sameBits(logits, try twoThreads.run(prompt.tokens)))
    }
  }
}
