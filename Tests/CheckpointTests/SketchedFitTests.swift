import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import Glibc
import ModelChecks
import Testing

/// Fits from sketched quantiles.
@Suite struct SketchedFitTests {
  /// Linear-AcT between normal samples of other spread: the sketch's slope is near that of all samples, its means equal.
  @Test func aSketchedFitIsNearTheExactOne() throws {
    let width = 24
    func normal(_ count: Int, _ seed: UInt64, _ mean: Float, _ deviation: Float) -> [Float] {
      var random = SplitMix64(state: seed)
      return (0..<count * width).map { index in
        let (u, v) = (Float.random(in: 1e-6...1, using: &random), Float.random(in: 0...1, using: &random))
        // A channel in which the source does not vary.
        return index % width == 7 ? mean : mean + deviation * sqrt(-2 * log(u)) * cos(2 * .pi * v)
      }
    }
    let source = normal(20_000, 1, 100, 0.5)
    let target = normal(15_000, 2, -3, 2)
    let settings = MethodSettings(defaultsOf: linearAct)
    let makeSketch = try #require(linearAct.gathering.makeSketch)
    var accumulators = [linearAct.makeAccumulator(width), makeSketch(width, 512, settings)]
    // In two parts, merged.
    var other = makeSketch(width, 512, settings)
    for start in stride(from: 0, to: source.count, by: 100 * width) {
      let rows = Array(source[start..<start + 100 * width])
      accumulators[0].observe(.source, rows)
      if start < source.count / 2 {
        accumulators[1].observe(.source, rows)
      } else {
        other.observe(.source, rows)
      }
    }
    for index in accumulators.indices { accumulators[index].observe(.target, target) }
    try accumulators[1].merge(other)
    let (exact, sketched) = (try accumulators[0].finish(), try accumulators[1].finish())
    #expect(exact.meanShiftChannels == 1 && sketched.meanShiftChannels == 1)
    for channel in 0..<width {
      let (a, b) = (exact.parameters["slope"]!.values[channel], sketched.parameters["slope"]!.values[channel])
      #expect(abs(a - b) <= 0.005 * abs(a), "\(a) \(b)")
      for name in ["source_mean", "target_mean"] {
        let (a, b) = (exact.parameters[name]!.values[channel], sketched.parameters[name]!.values[channel])
        #expect(abs(a - b) <= 1e-6 * abs(a))
      }
    }
    #expect(exact != sketched)
    #expect(throws: FitError.self) { try accumulators[0].merge(other) }
  }

  /// More samples than the least memory holds: every token a sample, all sites at once.
  @Test func aFitBeyondItsMemorySketches() throws {
    let model = try Model(fixture("tiny-plain"))
    var random = SplitMix64(state: 9)
    func samples(_ tokens: Range<Int32>) -> [[Int32]] {
      (0..<115).map { _ in (0..<64).map { _ in Int32.random(in: tokens, using: &random) } }
    }
    let data = PairedSamples(source: samples(0..<40), target: samples(20..<64))
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    options.samples.pooling = .all
    let sites = try model.sites(matching: ["*"])
    let exact = try fit(model, data, sites: sites, options: options)
    var notes: [String] = []
    options.samples.memory = FitMemory.least
    let sketched = try fit(model, data, sites: sites, options: options, note: { notes.append($0) })
    #expect(notes.count == 1 && notes[0].hasPrefix("more samples than memory holds"), "\(notes)")
    #expect(sketched != exact)
    for (a, b) in zip(exact.sites, sketched.sites) {
      for (a, b) in zip(a.parameters["slope"]!.values, b.parameters["slope"]!.values) {
        #expect(abs(a - b) <= 0.02 * max(1, abs(a)))
      }
    }
  }
}
