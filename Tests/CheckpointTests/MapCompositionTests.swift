import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActStatistics
import ModelChecks
import Testing

/// What several maps at one site are together, from their parameters alone.
@Suite struct MapCompositionTests {
  private let model: Model
  private let site = "model.layers.1.self_attn.o_proj"

  init() throws { model = try Model(fixture("tiny-plain")) }

  private func compositions(_ methods: [SteeringMethod], _ support: Support = .all) throws -> [MapComposition]
  {
    var maps = MapSet()
    for (index, method) in methods.enumerated() {
      let map = try model.fitRandomMap(
        method, at: "re:model\\.layers\\.[1\(index == 0 ? 2 : 0)]\\..*o_proj", support: support)
      try maps.add(map, name: "m\(index)", path: "x", model: model)
    }
    return maps.compositions
  }

  /// The form against the function itself, on rows of activations.
  @Test(arguments: affineMethods)
  func formsAreTheFunction(method: SteeringMethod) throws {
    let map = try model.fitRandomMap(method, at: site)
    let function = try Graph(parsing: map.transport)
    let width = map.sites[0].width
    let form = try function.affineFunction(width: width, map.sites[0].parameters)
    let rows = randomPrompt(5 * width).map { (Float($0) - 160) / 50 }
    let expected = try map.transported(rows, at: site, of: model)
    for row in 0..<5 {
      let x = rows[row * width..<(row + 1) * width].map(Double.init)
      let product = form.matrix.product(Matrix(rows: width, columns: 1, x)).values
      for channel in 0..<width {
        let value = product[channel] + form.shift[channel]
        let reference = Double(expected[row * width + channel])
        #expect((value - reference).magnitude <= 1e-4 * max(1, reference.magnitude), "\(method)")
      }
    }
  }

  @Test func shiftsCommute() throws {
    let found = try compositions([meanAct, caa])
    #expect(found.map(\.site) == [site] && found[0].maps == ["m0", "m1"])
    #expect(found[0].form == .diagonal(scales: 1...1, shift: found[0].shift))
    #expect(found[0].difference?.constant.largest ?? 1 <= 1e-12 && found[0].difference?.coefficients == nil)
  }

  /// Of two scales and shifts, `s₁ s₂ x + s₂ t₁ + t₂` and the same the other way round.
  @Test func scalesAndShifts() throws {
    let found = try compositions([linearAct, gaussianAct])[0]
    var functions: [(scale: [Double], shift: [Double])] = []
    for method in [linearAct, gaussianAct] {
      let map = try model.fitRandomMap(method, at: site)
      let p = map.sites[0].parameters.mapValues { $0.values.map(Double.init) }
      let shift = zip(p["target_mean"]!, zip(p["slope"]!, p["source_mean"]!)).map { $0 - $1.0 * $1.1 }
      functions.append((p["slope"]!, shift))
    }
    let (a, b) = (functions[0], functions[1])
    let differences = a.scale.indices.map { index in
      (b.scale[index] * a.shift[index] + b.shift[index]) - (a.scale[index] * b.shift[index] + a.shift[index])
    }
    let difference = try #require(found.difference)
    let largest = differences.map(\.magnitude).max()!
    let square = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
    #expect((difference.constant.largest - largest).magnitude <= 1e-12 * largest)
    #expect((difference.constant.rootMeanSquare - square.squareRoot()).magnitude <= 1e-12 * largest)
    #expect(largest > 1e-3 && difference.coefficients == nil)
    let scales = zip(a.scale, b.scale).map(*)
    guard case .diagonal(let range, _) = found.form else { return #expect(Bool(false)) }
    #expect((range.lowerBound - scales.min()!).magnitude <= 1e-12)
    #expect((range.upperBound - scales.max()!).magnitude <= 1e-12)
  }

  @Test func mapsThatMixChannels() throws {
    let found = try compositions([ablation, gaussianOT])[0]
    guard case .mixing = found.form else { return #expect(Bool(false)) }
    #expect(try #require(found.difference?.coefficients).largest > 1e-4)
    #expect(found.description.contains("mixes channels"))
    #expect(found.json["form"]?.string == "mixing")
  }

  @Test func mapsThatAreNotAffine() throws {
    let found = try compositions([linearAct, meanAct], .quantiles(lower: 0, upper: 100))[0]
    #expect(found.form == .notAffine(map: "m0") && found.difference == nil)
    #expect(found.description == "\(site): m0, then m1: `m0` is not known to be affine")
  }

  @Test func provenanceKeepsThem() throws {
    for methods in [[linearAct, gaussianAct], [ablation, gaussianOT], [caa, meanAct]] {
      let found = try compositions(methods)
      let json = JSON.object(["compositions": .array(found.map(\.json))])
      #expect(MapComposition.all(inProvenance: json) == found)
    }
  }
}

extension MapComposition {
  fileprivate var shift: Double {
    switch form {
    case .diagonal(_, let shift), .mixing(let shift): shift
    case .notAffine: .nan
    }
  }
}
