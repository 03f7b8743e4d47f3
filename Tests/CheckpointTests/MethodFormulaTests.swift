import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import GraphReference
import ModelChecks
import Testing

/// What a fitted map does to a site's activations is what its transport function says, in double precision.
@Suite struct MethodFormulaTests {
  static let site = "model.layers.1.self_attn.o_proj"

  private let model: Model
  private let prompt = randomPrompt(20)

  init() throws { model = try Model(fixture("tiny-plain")) }

  @Test(
    arguments: MethodCase.all.filter { !$0.method.requirements.heads }, [Variant.reference, .live, .frozen])
  func activationsMoveAsTheFunctionSays(one: MethodCase, variant: Variant) throws {
    let map = try model.fitRandomMap(one.method, at: "re:" + Self.site, settings: one.settings)
    let strength: Float = 0.7
    let x = try model.makeEngine(recording: [Self.site]).run(prompt, result: Self.site)
    let engine = try model.makeEngine(
      steeredBy: map, variant, strength: strength, recording: [Self.site])
    if variant != .frozen { try engine.setStrengths([steeringMap: strength], slot: 1) }
    let y = try engine.run(prompt, slot: variant == .frozen ? 0 : 1, result: Self.site)
    let expected = try transported(x, map, strength)
    #expect(Deviation(y, from: expected).normalizedSquaredError <= 1e-11)
    #expect(Deviation(x, from: expected).normalizedSquaredError > 1e-6)
  }

  /// Tables may follow the dial: then every slot has its own.
  @Test(arguments: [Variant.reference, .live])
  func tablesFollowTheDial(variant: Variant) throws {
    let settings = try MethodSettings(
      slicedAct.options, ["map": "table", "directions": "axes", "steps": "1"])
    var map = try model.fitRandomMap(slicedAct, at: "re:" + Self.site, settings: settings)
    map.transport = """
      graph @live(%x: f32[T,D], %knots1: f32[K,D], %shifts1: f32[K,D], %strength: f32[]) {
        %knots = add %knots1, %strength : f32[K,D]
        %shifts = mul %shifts1, %strength : f32[K,D]
        %change = interpolate %x, %knots, %shifts : f32[T,D]
        %y = add %x, %change : f32[T,D]
        return %y
      }
      """
    let x = try model.makeEngine(recording: [Self.site]).run(prompt, result: Self.site)
    let engine = try model.makeEngine(steeredBy: map, variant, recording: [Self.site])
    let strengths: [Float] = [0, 0.7, -0.3]
    for (slot, strength) in strengths.enumerated() {
      try engine.setStrengths([steeringMap: strength], slot: slot)
    }
    for (slot, strength) in strengths.enumerated().dropFirst() {
      let y = try engine.run(prompt, slot: Int32(slot), result: Self.site)
      let expected = try transported(x, map, strength)
      #expect(Deviation(y, from: expected).normalizedSquaredError <= 1e-11)
      #expect(Deviation(x, from: expected).normalizedSquaredError > 1e-6)
    }
    #expect(sameBits(try engine.run(prompt, slot: 0, result: Self.site), x))
  }

  private func transported(_ x: [Float], _ map: MapFile, _ strength: Float) throws -> [Float] {
    let (function, site) = (try Graph(parsing: map.transport), map.sites[0])
    var sizes = ["T": x.count / site.width]
    for id in function.inputs {
      for (dim, size) in zip(function.type(id).shape, site.parameters[function[id].name]?.shape ?? []) {
        if case .symbol(let name) = dim { sizes[name] = size }
      }
    }
    sizes["D"] = site.width
    let values = ReferenceValues(function, sizes: sizes) { op in
      guard case .input(let name, _, _) = op else { return nil }
      let values =
        switch name {
        case "x": x
        case "strength": [strength]
        default: site.parameters[name]!.values
        }
      return values.map(Double.init)
    }
    return values.results[0].data.map { Float($0) }
  }
}
