import Testing

/// Checks that a map does the same however a plan holds it, to the bit nothing at strength 0, and something at 1.
///
/// - Parameters:
///   - strengths: at which the variants are compared.
///   - bound: the largest normalised squared error against the reference.
///   - location: of the test.
///   - run: what a variant gives with the map, or without one, at a strength.
/// - Throws: what `run` throws.
package func checkSteering(
  at strengths: [Float], within bound: Double, location: SourceLocation = #_sourceLocation,
  _ run: (_ variant: Variant, _ isSteered: Bool, _ strength: Float) throws -> [Float]
) throws {
  for strength in strengths {
    let reference = try run(.reference, true, strength)
    for variant in [Variant.inserted, .live, .frozen] {
      let deviation = Deviation(try run(variant, true, strength), from: reference)
      #expect(
        deviation.normalizedSquaredError <= bound, "\(variant), λ = \(strength)", sourceLocation: location)
    }
  }
  for variant in [Variant.live, .inserted, .reference] {
    let bare = try run(variant, false, 0)
    #expect(sameBits(try run(variant, true, 0), bare), "\(variant)", sourceLocation: location)
    #expect(!sameBits(try run(variant, true, 1), bare), "\(variant)", sourceLocation: location)
  }
}
