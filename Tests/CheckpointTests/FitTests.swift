import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing

/// Our fit against NumPy in float64 (`Scripts/make-fit-reference.py`), and the runs steered by both.
@Suite struct FitTests {
  static let reference = Result { try FitReference("tiny-plain") }
  static let runs = (try? reference.get().runs) ?? []

  @Test func theReferenceCoversWhatItShould() throws {
    #expect(Self.runs.count == 15)
    #expect(Set(Self.runs.map(\.options.method.name)) == ["linear-act", "mean-act"])
    #expect(Set(Self.runs.map(\.options.samples.order)) == [.causal, .simultaneous])
    #expect(Set(Self.runs.map(\.options.support)) == [.all, .quantiles(lower: 0, upper: 100)])
    #expect(Self.runs.contains { $0.targets != 24 })
  }

  @Test(arguments: runs)
  func parameters(run: FitReference.Run) throws {
    let reference = try Self.reference.get()
    let model = try Model(fixture("tiny-plain"))
    let map = try reference.fit(run, of: model)
    #expect(map.sites.count == (run.sites == "*_layernorm" ? 8 : 4))
    for site in map.sites {
      let errors = try reference.errors(of: site, in: run)
      #expect(Set(errors.keys) == Set(map.parameterNames))
      for (parameter, error) in errors { #expect(error <= 1e-4, "\(site.name)/\(parameter)") }
    }
  }

  /// The channels that a bounded support leaves alone are another graph, so steered runs cover fit and transport.
  @Test(arguments: runs.filter { !$0.strengths.isEmpty })
  func steeredLogits(run: FitReference.Run) throws {
    let reference = try Self.reference.get()
    let prompt = try #require(reference.json["prompt"]?.array).map { Int32($0.int ?? -1) }
    let model = try Model(fixture("tiny-plain"))
    let engine = try model.makeEngine(steeredBy: try reference.fit(run, of: model), .live)
    for (strength, name) in zip(run.strengths, ["0", "0.3", "1", "1.5"]) {
      try engine.setStrengths([steeringMap: strength], slot: 1)
      let expected = try reference.tensors.floats("\(run.name)/logits/\(name)")
      let deviation = Deviation(try engine.run(prompt, slot: 1), from: expected)
      #expect(deviation.normalizedSquaredError <= 1e-8, "λ = \(strength)")
    }
  }

  /// By hand, through the runtime: 2.2·x + 9.2, at strength ½ 1.6·x + 4.6; the mean shift is 11.
  @Test(arguments: Variant.allCases)
  func goldenTransports(variant: Variant) throws {
    let model = try Model(fixture("tiny-plain"))
    let site = "model.layers.2.input_layernorm"
    let prompt = randomPrompt(6)
    let x = try model.makeEngine(recording: [site]).run(prompt, result: site)
    let golden: [(SteeringMethod, strength: Float, slope: Float, offset: Float)] = [
      (linearAct, 1, 2.2, 9.2), (linearAct, 0.5, 1.6, 4.6), (meanAct, 1, 1, 11), (meanAct, 0.5, 1, 5.5),
    ]
    for (method, strength, slope, offset) in golden {
      var accumulator = method.makeAccumulator(1)
      accumulator.observe(.source, [0, 1, 2, 3])
      accumulator.observe(.target, [10, 12, 11, 17])
      var map = try model.fitRandomMap(method, at: site)
      map.sites[0].parameters = try accumulator.finish().parameters.mapValues {
        MapParameter(Array(repeating: $0.values[0], count: 32))
      }
      let engine = try model.makeEngine(steeredBy: map, variant, strength: strength, recording: [site])
      if variant != .frozen { try engine.setStrengths([steeringMap: strength], slot: 1) }
      let y = try engine.run(prompt, slot: variant == .frozen ? 0 : 1, result: site)
      #expect(y.count == x.count)
      for (y, x) in zip(y, x) { #expect((y - (slope * x + offset)).magnitude <= 4e-6 * offset) }
    }
  }
}

extension FitReference.Run: CustomTestStringConvertible {
  package var testDescription: String { name }
}
