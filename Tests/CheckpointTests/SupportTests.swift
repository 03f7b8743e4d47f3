import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing

@Suite struct SupportTests {
  /// A support's bounds belong to it: a value on one is transported, its neighbour beyond is left alone.
  @Test(arguments: [Variant.reference, .inserted, .live])
  func boundsAreInside(variant: Variant) throws {
    let model = try Model(fixture("tiny-plain"))
    let site = "model.layers.1.input_layernorm"
    let prompt: [Int32] = [42]
    let value = try model.makeEngine(variant, recording: [site]).run(prompt, result: site)
    var map = try model.fitRandomMap(at: site, support: .quantiles(lower: 0, upper: 100))
    func logits(low: [Float], high: [Float]) throws -> [Float] {
      map.sites[0].parameters["low"] = MapParameter(low)
      map.sites[0].parameters["high"] = MapParameter(high)
      let engine = try model.makeEngine(steeredBy: map, variant)
      try engine.setStrengths([steeringMap: 1], slot: 1)
      return try engine.run(prompt, slot: 1)
    }
    let bare = try model.makeEngine(variant).run(prompt)
    let far = value.map { _ in Float(1e6) }
    let moved = try logits(low: far.map { -$0 }, high: far)
    #expect(!sameBits(moved, bare))
    #expect(sameBits(try logits(low: value, high: value), moved))
    #expect(sameBits(try logits(low: value.map(\.nextUp), high: far), bare))
    #expect(sameBits(try logits(low: far.map { -$0 }, high: value.map(\.nextDown)), bare))
  }

  @Test(
    arguments: [
      (0, 100, 0, 4), (25, 75, 1, 3), (10, 90, 0.4, 3.6), (0, 50, 0, 2), (12.5, 100, 0.5, 4),
    ] as [(Double, Double, Float, Float)])
  func percentilesInterpolate(lower: Double, upper: Double, low: Float, high: Float) {
    var accumulator = SupportAccumulator(.quantiles(lower: lower, upper: upper), width: 1)
    accumulator.observe([3, 0, 4])
    accumulator.observe([1, 2])
    #expect(accumulator.finish() == ["low": [low], "high": [high]])
  }

  @Test func anUnboundedSupportHasNoBounds() {
    var accumulator = SupportAccumulator(.all, width: 1)
    accumulator.observe([1, 2])
    #expect(accumulator.finish().isEmpty)
  }

  @Test(arguments: ["all", "q0-100", "q1-99", "q2.5-97.5"])
  func textsRoundTrip(text: String) { #expect(Support(text)?.description == text) }

  @Test(arguments: [
    "", "q", "All", "0-100", "q0", "q0-", "q-1-50", "q0-101", "q50-50", "q60-40", "qnan-50", "q0-1-2",
  ])
  func malformedTexts(text: String) { #expect(Support(text) == nil) }
}
