import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Mixtures of experts: what is chosen, stored and steered.
@Suite struct MixtureTests {
  static let checkpoints = smallDecoders.filter { $0.contains("moe") || $0.contains("mixtral") }
  /// Where experts are steered: their router, their layers, their sum and the block.
  static let patterns = ["*.gate", "*.experts.*", "*.experts", "*.mlp"]
  private static let vocabulary: Int32 = 96

  private func steered(
    _ model: Model, _ map: MapFile, _ variant: Variant, _ strength: Float, _ prompt: [Int32]
  ) throws -> [Float] {
    let engine = try model.makeEngine(steeredBy: map, variant, strength: strength)
    guard variant != .frozen else { return try engine.run(prompt) }
    try engine.setStrengths([steeringMap: strength], slot: 1)
    return try engine.run(prompt, slot: 1)
  }

  /// A map that scales, one that shifts, and those of low rank and of a whole matrix.
  static let methods = [linearAct, meanAct, leace, gaussianOT]

  /// Methods at every kind of site compute as written what they compute folded, live and frozen.
  @Test(arguments: checkpoints, patterns)
  func methodsAtExperts(checkpoint: String, pattern: String) throws {
    let model = try Model(fixture(checkpoint))
    let prompt = randomPrompt(20, vocabulary: Self.vocabulary)
    let bare = try model.makeEngine().run(prompt)
    for method in Self.methods {
      let map = try model.fitRandomMap(method, at: pattern, vocabulary: Self.vocabulary)
      #expect(sameBits(try steered(model, map, .live, 0, prompt), bare), "\(method.name)")
      let reference = try steered(model, map, .reference, 0.7, prompt)
      #expect(Deviation(reference, from: bare).normalizedSquaredError > 1e-6, "\(method.name)")
      for variant in [Variant.inserted, .live, .frozen] {
        let values = try steered(model, map, variant, 0.7, prompt)
        #expect(
          Deviation(values, from: reference).normalizedSquaredError <= 1e-9, "\(method.name), \(variant)")
      }
    }
  }

  /// Rows of one step under different strengths are those of each sequence alone.
  @Test(arguments: checkpoints, [WeightType.f32, .q8])
  func slotsOfOneStep(checkpoint: String, weights: WeightType) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(at: "re:.*(gate|experts.*|mlp)", vocabulary: Self.vocabulary)
    let engine = try model.makeEngine(steeredBy: map, weights: weights, threads: 2)
    try engine.setStrengths([steeringMap: 0.4], slot: 1)
    try engine.setStrengths([steeringMap: 1], slot: 2)
    let prompts = (0..<6).map { index in
      Prompt(
        randomPrompt(5 + 3 * index, seed: UInt64(index), vocabulary: Self.vocabulary), slot: Int32(index % 3))
    }
    var random = SplitMix64(state: 5)
    for rowsPerStep in [4, 50] {
      let schedule = mixedSchedule(prompts, rowsPerStep: rowsPerStep, using: &random)
      for (prompt, logits) in zip(prompts, try engine.run(prompts, schedule: schedule)) {
        #expect(sameBits(logits, try engine.run(prompt.tokens, slot: prompt.slot)))
      }
    }
  }

  /// A plan has a tensor for each layer of all experts, in the type that is asked for; routers are never integers.
  @Test(arguments: checkpoints, WeightType.allCases)
  func storage(checkpoint: String, weights: WeightType) throws {
    let model = try Model(fixture(checkpoint))
    let plan = try model.compileSteered(weights: weights).plan
    func constant(_ index: Int, of value: Plan.Value) -> DType { plan.values[value.inputs[index]].type.dtype }
    let layers = plan.values.filter { $0.op == .expertLinear }
    let packed: DType =
      switch weights {
      case .f32: .f32x16
      case .bf16: .bf16x16
      case .q8: .q8x16
      case .q4: .q4x16
      }
    #expect(!layers.isEmpty && layers.allSatisfy { constant(1, of: $0) == packed })
    let routers = plan.values.filter { $0.site?.hasSuffix(".mlp.gate") == true }
    #expect(routers.count * 2 == layers.count)
    #expect(routers.allSatisfy { [.f32x16, .bf16x16].contains(constant(1, of: $0)) })
  }

  /// What a strength overflows at experts is reported at their site.
  @Test func overflowNamesTheSite() throws {
    let model = try Model(fixture("tiny-qwen3-moe"))
    // Both factors of a product.
    let sites = "re:model\\.layers\\.0\\.mlp\\.experts\\.(gate|up)_proj"
    let map = try model.fitRandomMap(meanAct, at: sites, vocabulary: Self.vocabulary)
    let engine = try model.makeEngine(steeredBy: map)
    try engine.setStrengths([steeringMap: 3e38], slot: 1)
    let error = #expect(throws: NotFiniteError.self) {
      try engine.run(randomPrompt(9, vocabulary: Self.vocabulary), slot: 1)
    }
    #expect(error?.place.hasPrefix("model.layers.0.mlp.experts") == true && error?.isSteered == true)
  }
}
