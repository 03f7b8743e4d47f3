import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// The small decoders of many families against what `transformers` computes for them.
@Suite struct DecoderTests {
  /// The model, compiled for a prompt's length where that is beyond the context it was made for.
  private func model(_ decoder: String, for prompt: String) throws -> Model {
    let length = try record(of: prompt, by: decoder).integers("tokens").count
    return try Model(fixture(decoder), part: ModelPart(context: prompt == "prompt3" ? length : nil))
  }

  @Test(arguments: smallDecoders)
  func logits(decoder: String) throws {
    for prompt in prompts(of: decoder) {
      let reference = try record(of: prompt, by: decoder)
      let model = try model(decoder, for: prompt)
      for variant in [Variant.reference, .live] {
        let logits = try model.makeEngine(variant).run(try reference.integers("tokens"))
        let deviation = Deviation(logits, from: try reference.floats("logits"))
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(prompt), \(variant)")
        #expect(deviation.largestRelative <= 1e-3, "\(prompt), \(variant)")
      }
    }
  }

  /// Every module that computes something is a site under its own name, with the value of its output; there is no other.
  @Test(arguments: smallDecoders)
  func sites(decoder: String) throws {
    let reference = try record(of: "prompt1", by: decoder)
    let model = try Model(fixture(decoder))
    let sites = model.sites.map(\.name)
    let recorded = reference.names.filter { ModuleSite($0).part == .output }
    #expect(Set(recorded).subtracting(["tokens", "logits"]) == Set(sites))
    let tokens = try reference.integers("tokens")
    for variant in [Variant.reference, .live] {
      let engine = try model.makeEngine(variant, recording: sites)
      for site in sites {
        let deviation = Deviation(try engine.run(tokens, result: site), from: try reference.floats(site))
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(site), \(variant)")
      }
    }
  }

  @Test(arguments: smallDecoders, [WeightType.f32, .bf16])
  func chunksEqualOneForward(decoder: String, weights: WeightType) throws {
    for prompt in prompts(of: decoder) {
      let tokens = try record(of: prompt, by: decoder).integers("tokens")
      let engine = try model(decoder, for: prompt).makeEngine(
        weights: weights, cache: weights == .f32 ? .f32 : .bf16)
      let whole = try engine.run(tokens)
      for chunk in [1, 5, 16] { #expect(sameBits(try engine.run(tokens, chunk: chunk), whole)) }
    }
  }

  /// A map at every site, fitted on tokens in causal order: folded with a live dial and frozen, it computes what it
  /// computes as written.
  @Test(arguments: smallDecoders)
  func steered(decoder: String) throws {
    let model = try Model(fixture(decoder))
    let map = try model.fitRandomMap(at: "*", order: .causal, vocabulary: 96)
    #expect(map.sites.count == model.sites.count)
    let prompt = randomPrompt(20, vocabulary: 96)
    func logits(_ variant: Variant, _ strength: Float) throws -> [Float] {
      let engine = try model.makeEngine(steeredBy: map, variant, strength: strength)
      guard variant != .frozen else { return try engine.run(prompt) }
      try engine.setStrengths([steeringMap: strength], slot: 1)
      return try engine.run(prompt, slot: 1)
    }
    let bare = try model.makeEngine().run(prompt)
    #expect(sameBits(try logits(.live, 0), bare))
    for strength: Float in [0.5, 1] {
      let reference = try logits(.reference, strength)
      #expect(Deviation(reference, from: bare).normalizedSquaredError > 1e-4)
      for variant in [Variant.live, .frozen] {
        let deviation = Deviation(try logits(variant, strength), from: reference)
        #expect(deviation.normalizedSquaredError <= 1e-9, "\(variant), λ = \(strength)")
      }
    }
  }

  /// A map at norms costs no kernel of the step, whatever a family makes of a norm's gain.
  @Test(arguments: smallDecoders)
  func steeredNormsAddNoKernel(decoder: String) throws {
    let model = try Model(fixture(decoder))
    let norms = model.graph.order.compactMap { id in
      switch model.graph[id].op {
      case .rmsNorm, .layerNorm: model.graph[id].site
      default: nil
      }
    }
    let pattern = "re:" + norms.map { $0.replacing(".", with: "\\.") }.joined(separator: "|")
    let map = try model.fitRandomMap(at: pattern, vocabulary: 96)
    #expect(map.sites.count == norms.count)
    let live = try model.compileSteered(by: map).plan
    #expect(try live.stepCount == model.compileSteered().plan.stepCount)
    #expect(live.setCount > 0)
  }
}
