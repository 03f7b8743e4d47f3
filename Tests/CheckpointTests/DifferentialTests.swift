import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing

/// One steered model compiled four ways computes the same: as written, inserted, folded with a live dial, folded
/// frozen.
@Suite struct DifferentialTests {
  static let strengths: [Float] = [0, 0.3, 1, 1.5]

  /// Of three prompts the one in the middle counts for a gated map: where a value lies at a gate's bound, a rounding
  /// decides, and the logits of one prompt may differ.
  private func checkVariants(_ model: Model, _ map: MapFile, isGated: Bool = false) throws {
    let prompts = (isGated ? [1, 2, 3] : [1]).map { randomPrompt(24, seed: $0) }
    for strength in Self.strengths {
      let references = try prompts.map { try model.steeredLogits($0, by: map, .reference, strength) }
      for variant in [Variant.inserted, .live, .frozen] {
        let deviations = try zip(prompts, references).map { prompt, reference in
          Deviation(try model.steeredLogits(prompt, by: map, variant, strength), from: reference)
        }
        let middle = deviations.sorted { $0.normalizedSquaredError < $1.normalizedSquaredError }[
          prompts.count / 2]
        #expect(middle.normalizedSquaredError <= 1e-10, "\(variant), λ = \(strength)")
        #expect(middle.largestRelative <= 1e-4, "\(variant), λ = \(strength)")
      }
    }
  }

  @Test(arguments: smallCheckpoints, SteeredSites.allCases)
  func variants(checkpoint: String, sites: SteeredSites) throws {
    let model = try Model(fixture(checkpoint))
    try checkVariants(model, try model.fitRandomMap(at: sites.rawValue))
  }

  @Test(arguments: smallCheckpoints, SteeredSites.allCases)
  func gatedVariants(checkpoint: String, sites: SteeredSites) throws {
    let model = try Model(fixture(checkpoint))
    try checkVariants(
      model, try model.fitRandomMap(at: sites.rawValue, support: .quantiles(lower: 5, upper: 95)),
      isGated: true)
  }

  /// A dial at 0 leaves no trace, not even in the last bit: neither in a slot of its own nor in the bare slot 0.
  @Test(arguments: smallCheckpoints, SteeredSites.allCases)
  func strengthZeroIsTheBareModel(checkpoint: String, sites: SteeredSites) throws {
    let model = try Model(fixture(checkpoint))
    let prompt = randomPrompt(24)
    for support in [Support.all, .quantiles(lower: 0, upper: 100)] {
      let map = try model.fitRandomMap(at: sites.rawValue, support: support)
      for (variant, bareVariant) in [
        (Variant.live, Variant.live), (.inserted, .inserted), (.reference, .reference),
      ] {
        let bare = try model.makeEngine(bareVariant).run(prompt)
        let engine = try model.makeEngine(steeredBy: map, variant)
        try engine.setStrengths([steeringMap: 0], slot: 1)
        try engine.setStrengths([steeringMap: 1], slot: 2)
        #expect(sameBits(try engine.run(prompt, slot: 1), bare), "\(variant), \(support), slot 1")
        #expect(sameBits(try engine.run(prompt, slot: 0), bare), "\(variant), \(support), slot 0")
        #expect(!sameBits(try engine.run(prompt, slot: 2), bare), "\(variant), \(support), λ = 1")
      }
    }
  }

  /// Maps at one site compose in the order given: two shifts and a scale, by hand.
  @Test func mapsCompose() throws {
    let model = try Model(fixture("tiny-plain"))
    let site = "model.layers.1.input_layernorm"
    let width = 32
    func map(slope: Float, from source: Float, to target: Float) throws -> MapFile {
      var file = try model.fitRandomMap(at: site)
      let values = ["slope": slope, "source_mean": source, "target_mean": target]
      file.sites[0].parameters = values.mapValues {
        MapParameter(Array(repeating: $0, count: width))
      }
      return file
    }
    // 2·x + 1 and then 3·x is 6·x + 3; the other way round, 6·x + 1.
    let (first, second) = (try map(slope: 2, from: 0, to: 1), try map(slope: 3, from: 0, to: 0))
    let prompt = randomPrompt(16)
    for (order, shift) in [([first, second], Float(3)), ([second, first], 1)] {
      var maps = MapSet()
      try maps.add(order[0], name: "a", path: "a", model: model)
      try maps.add(order[1], name: "b", path: "b", model: model)
      for fuses in [true, false] {
        var options = CompileOptions()
        options.weights = .f32
        options.fuses = fuses
        let engine = try model.compile(maps, options).makeEngine()
        try engine.setStrengths(["a": 1, "b": 1], slot: 1)
        let whole = try map(slope: 6, from: 0, to: shift)
        let expected = try model.steeredLogits(prompt, by: whole, .reference, 1)
        #expect(Deviation(try engine.run(prompt, slot: 1), from: expected).normalizedSquaredError <= 1e-10)
      }
    }
  }
}

extension Model {
  fileprivate func steeredLogits(
    _ prompt: [Int32], by map: MapFile, _ variant: Variant, _ strength: Float
  ) throws -> [Float] {
    let engine = try makeEngine(steeredBy: map, variant, strength: strength)
    guard variant != .frozen else { return try engine.run(prompt) }
    try engine.setStrengths([steeringMap: strength], slot: 1)
    return try engine.run(prompt, slot: 1)
  }
}
