import ActCompile
import ActFit
import ActFormats
import ActIR
import ActLowering
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
    #expect(Set(Self.runs.map(\.options.order)) == [.causal, .simultaneous])
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

  @Test(arguments: ["paper", "dead", "unequal"], registeredMethods)
  func goldenVectors(name: String, method: SteeringMethod) throws {
    let golden = try #require(try Self.reference.get().json["golden"]?[name])
    let expected = try #require(golden[method.name])
    var accumulator = method.makeAccumulator(1)
    for side in Side.allCases {
      accumulator.observe(side, try #require(golden[side.rawValue]?.array).map { Float($0.double ?? .nan) })
    }
    let fit = try accumulator.finish()
    for (parameter, values) in fit.parameters {
      #expect(values == [Float(try #require(expected[parameter]?.double))], "\(parameter)")
    }
  }

  /// METHODS.md, by hand: slope 2.2, T(0) = 9.2; at strength ½ slope 1.6 and offset 4.6; the mean shift is 11.
  @Test func goldenTransports() throws {
    let (source, target): ([Float], [Float]) = ([0, 1, 2, 3], [10, 12, 11, 17])
    func parameters(_ method: SteeringMethod) throws -> [String: Float] {
      var accumulator = method.makeAccumulator(1)
      accumulator.observe(.source, source)
      accumulator.observe(.target, target)
      return try accumulator.finish().parameters.mapValues { $0[0] }
    }
    let linear = try parameters(linearAct)
    let slope = try #require(linear["slope"])
    #expect(slope == 2.2)
    func transport(_ x: Float, _ strength: Float) -> Float {
      let moved = linear["target_mean"]! + slope * (x - linear["source_mean"]!)
      return x + strength * (moved - x)
    }
    #expect((transport(0, 1) - 9.2).magnitude < 1e-6)
    #expect((transport(0, 0.5) - 4.6).magnitude < 1e-6)
    #expect((transport(1, 0.5) - transport(0, 0.5) - 1.6).magnitude < 1e-6)
    let mean = try parameters(meanAct)
    #expect(mean["target_mean"]! - mean["source_mean"]! == 11)
  }
}

extension FitReference.Run: CustomTestStringConvertible {
  public var testDescription: String { name }
}

extension SteeringMethod: CustomTestStringConvertible {
  public var testDescription: String { name }
}
