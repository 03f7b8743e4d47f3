import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses

extension Model {
  /// A map that our own fit makes of random sequences.
  package func fitRandomMap(
    _ method: SteeringMethod = linearAct, at sites: String, settings: MethodSettings? = nil,
    support: Support = .all, order: FitOrder = .simultaneous, vocabulary: Int32 = 320
  ) throws -> MapFile {
    var random = SplitMix64(state: 3)
    func sequences(_ tokens: Range<Int32>) -> [[Int32]] {
      (0..<(method.requirements.mostPairs ?? 12)).map { _ in
        (0..<Int.random(in: 3...20, using: &random)).map { _ in .random(in: tokens, using: &random) }
      }
    }
    var options = FitOptions(method: method, settings: settings ?? method.smallSettings())
    options.support = support
    options.samples.order = method.requirements.order ?? order
    let data = PairedSamples(
      source: sequences(3..<vocabulary * 5 / 8), target: sequences(vocabulary * 3 / 8..<vocabulary))
    return try fit(self, data, sites: self.sites(matching: [sites]), options: options)
  }
}

/// A prompt of random tokens of the small models.
package func randomPrompt(_ count: Int, seed: UInt64 = 1, vocabulary: Int32 = 320) -> [Int32] {
  var random = SplitMix64(state: seed)
  return (0..<count).map { _ in .random(in: 3..<vocabulary, using: &random) }
}
