import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// SmolLM2 steered: fit against NumPy in float64, compiled variants against each other, counts.
@Suite(.serialized, SmolLM2.isThere) struct SteeringTests {
  private let model: Model
  private let prompt: [Int32]

  init() throws {
    model = try SmolLM2.model()
    prompt = try TensorFile(fixture("smollm2/reference.safetensors")).integers("short/tokens")
  }

  /// Maps of the first sentences of `Examples/football`, at `sites`.
  private func fit(_ sites: String, support: Support = .all) throws -> MapFile {
    let reference = try FitReference("smollm2")
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    options.support = support
    let data = PairedSamples(source: reference.source, target: reference.target)
    return try ActFit.fit(model, data, sites: model.sites(matching: [sites]), options: options)
  }

  @Test func fitEqualsTheReference() throws {
    let reference = try FitReference("smollm2")
    let recorded = try #require(reference.json["recorded"]?.array).compactMap(\.string)
    #expect(recorded.count == 3)
    #expect(Set(reference.runs.map(\.options.samples.order)) == [.causal, .simultaneous])
    for run in reference.runs {
      let map = try reference.fit(run, of: model)
      #expect(map.sites.count == 30)
      for site in map.sites where recorded.contains(site.name) {
        let errors = try reference.errors(of: site, in: run)
        #expect(Set(errors.keys) == ["slope", "source_mean", "target_mean"])
        for (parameter, error) in errors { #expect(error <= 1e-4, "\(run.name)/\(site.name)/\(parameter)") }
      }
    }
  }

  /// With a map after every layer at strength 1, the formula itself, `x + 1·(T(x) - x)`, loses digits where channels
  /// of thousands become small ones; hence the bound of its own.
  @Test(
    arguments: zip(
      ["*_layernorm", "*.self_attn.o_proj", "re:model\\.layers\\.(9|19|29)", "re:model\\.layers\\.[0-9]+"],
      [1e-10, 1e-10, 1e-10, 1e-9]))
  func variantsAgree(sites: String, bound: Double) throws { try checkVariants(fit(sites), bound) }

  /// Of five prompts the one in the middle counts: where a value lies at a gate's bound, a rounding decides on which
  /// side, and the logits of a prompt may differ.
  @Test func gatedVariantsAgree() throws {
    let map = try fit("*.self_attn.o_proj", support: .quantiles(lower: 0, upper: 100))
    try checkVariants(map, 1e-10, (0..<5).map { Array(prompt.dropFirst($0) + prompt.prefix($0)) })
  }

  private func checkVariants(_ map: MapFile, _ bound: Double, _ prompts: [[Int32]]? = nil) throws {
    let prompts = prompts ?? [prompt]
    var logits: [Float: [[Float]]] = [:]
    let strengths: [Float] = [0, 0.3, 1, 1.5]
    for variant in [Variant.reference, .inserted, .live] {
      let engine = try model.makeEngine(steeredBy: map, variant)
      for strength in strengths {
        try engine.setStrengths([steeringMap: strength], slot: 1)
        check(try prompts.map { try engine.run($0, slot: 1) }, &logits, bound, variant, strength)
      }
    }
    for strength in strengths {
      let engine = try model.makeEngine(steeredBy: map, .frozen, strength: strength)
      check(try prompts.map { try engine.run($0) }, &logits, bound, .frozen, strength)
    }
  }

  private func check(
    _ values: [[Float]], _ reference: inout [Float: [[Float]]], _ bound: Double, _ variant: Variant,
    _ strength: Float
  ) {
    guard let expected = reference[strength] else {
      reference[strength] = values
      return
    }
    let deviations = zip(values, expected).map { Deviation($0, from: $1) }
      .sorted { $0.normalizedSquaredError < $1.normalizedSquaredError }
    let middle = deviations[deviations.count / 2]
    #expect(middle.normalizedSquaredError <= bound, "\(variant), λ = \(strength)")
    #expect(middle.largestRelative <= 10 * bound.squareRoot(), "\(variant), λ = \(strength)")
  }

  @Test(arguments: ["*_layernorm", "*.self_attn.o_proj", "re:model\\.layers\\.[0-9]+"])
  func strengthZeroIsTheBareModel(sites: String) throws {
    let bare = try model.makeEngine().run(prompt)
    for support in [Support.all, .quantiles(lower: 0, upper: 100)] {
      let engine = try model.makeEngine(steeredBy: fit(sites, support: support))
      try engine.setStrengths([steeringMap: 0], slot: 1)
      try engine.setStrengths([steeringMap: 1], slot: 2)
      #expect(sameBits(try engine.run(prompt, slot: 1), bare))
      #expect(sameBits(try engine.run(prompt, slot: 0), bare))
      #expect(!sameBits(try engine.run(prompt, slot: 2), bare))
    }
  }

  /// 30 layers of 2 norms, and the last one: not one kernel more.
  @Test func steeringNormsAddsNoKernelToTheStep() throws {
    let map = try fit("re:.*norm")
    #expect(map.sites.count == 61)
    let (bare, live) = (try model.compileSteered().plan, try model.compileSteered(by: map).plan)
    #expect(live.stepCount == bare.stepCount)
    #expect(live.arenaByteCount == bare.arenaByteCount)
    let frozen = try model.compileSteered(by: map, .frozen, strength: 1).plan
    #expect(frozen.stepCount == bare.stepCount)
  }

  @Test(arguments: [16, 128, 512])
  func arenaIsNearTheBound(rows: Int) throws {
    let plan = try model.compileSteered(rows: rows).plan
    #expect(plan.arenaBound > 0)
    #expect(Double(plan.arenaByteCount) <= 1.10 * Double(plan.arenaBound))
  }
}
