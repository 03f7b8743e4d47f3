import ActFormats
import ActIR
import ActPasses
import ActStatistics
import ModelChecks
import Testing

/// Every method on sites of a few channels, against NumPy in float64 (`Scripts/make-fit-reference.py --golden`).
@Suite struct GoldenFitTests {
  static let reference = Result { try FitReference("tiny-plain") }
  static let golden = (try? reference.get().json["golden"]?.members?.map(\.key)) ?? []

  @Test func theReferenceCoversWhatItShould() {
    #expect(Self.golden == ["paper", "dead", "unequal", "channels", "wide"])
  }

  @Test(arguments: golden, registeredMethods)
  func methodsHitTheirVectors(name: String, method: SteeringMethod) throws {
    let golden = try #require(try Self.reference.get().json["golden"]?[name])
    let site = try GoldenSite(golden)
    let settings = method.smallSettings(heads: 1)
    var accumulator = method.makeAccumulator(site.width, settings)
    for side in Side.allCases { accumulator.observe(side, site[side]) }
    guard let expected = golden[method.name] else {
      // Only what is fitted to pairs has no answer to sides of different counts, and one channel has no plane.
      let lacksPairs = method.requirements.pairs && site[.source].count != site[.target].count
      #expect(lacksPairs || method.name == angular.name && site.width == 1)
      #expect(throws: FitError.self) { try accumulator.finish() }
      return
    }
    var fits = [try accumulator.finish()]
    try method.select?(&fits, settings)
    try check(fits[0].parameters, expected)
  }

  /// Other than the default options.
  @Test(arguments: (try? reference.get().json["variations"]?.array) ?? [])
  func methodsFollowTheirOptions(variation: JSON) throws {
    let name = try #require(variation["site"]?.string)
    let site = try GoldenSite(try #require(try Self.reference.get().json["golden"]?[name]))
    let method = try #require(registeredMethods.first { $0.name == variation["method"]?.string })
    let settings = try settings(of: method, variation)
    var accumulator = method.makeAccumulator(site.width, settings)
    for side in Side.allCases { accumulator.observe(side, site[side]) }
    let parameters = try accumulator.finish().parameters
    try check(parameters, try #require(variation["fit"]))
    let types = try method.functions(.all, settings).parameterTypes(
      at: TensorType(.f32, [.symbol("T"), .fixed(site.width)]), shapes: parameters.mapValues(\.shape))
    #expect(Set(types.keys) == Set(parameters.keys))
  }

  private func check(_ parameters: [String: MapParameter], _ expected: JSON) throws {
    #expect(!parameters.isEmpty)
    if let dense = expected["dense"] {
      try checkLowRank(parameters, dense.floats, expected)
    } else {
      for (name, parameter) in parameters {
        let record = try #require(expected[name], "\(name)")
        #expect(parameter.shape == record.shape, "\(name)")
        expectEqual(parameter.values, record.floats, name)
      }
    }
  }

  /// Of a map of low rank the product of its matrices is one, whatever the signs of its directions.
  private func checkLowRank(
    _ parameters: [String: MapParameter], _ dense: [Float], _ expected: JSON
  ) throws {
    func matrix(_ name: String) throws -> Matrix {
      let parameter = try #require(parameters[name])
      return Matrix(
        rows: parameter.shape[0], columns: parameter.shape.count > 1 ? parameter.shape[1] : 1,
        parameter.values.map(Double.init))
    }
    let (u, v, level) = (try matrix("U"), try matrix("V"), try matrix("level"))
    expectEqual(u.product(v).values.map { Float($0) }, dense, "U V")
    let center = try #require(expected["center"]).floats
    let moved = Matrix(rows: center.count, columns: center.count, dense.map(Double.init))
      .product(Matrix(rows: center.count, columns: 1, center.map(Double.init)))
    expectEqual(u.product(level).values.map { Float($0) }, moved.values.map { Float($0) }, "U level")
    expectEqual(try #require(parameters["shift"]).values, try #require(expected["shift"]).floats, "shift")
  }

  private func expectEqual(_ values: [Float], _ expected: [Float], _ name: String) {
    #expect(values.count == expected.count, "\(name)")
    let largest = expected.reduce(0) { max($0, $1.magnitude) }
    for (value, expected) in zip(values, expected) {
      #expect((value - expected).magnitude <= 2e-6 * max(largest, 1e-3), "\(name)")
    }
  }

  /// Units of several sites are ranked together, and equal ones in their order.
  @Test func expertsAreChosenAmongAllSites() throws {
    let several = try #require(try Self.reference.get().json["several"])
    let expected = try #require(several["det0"])
    let settings = try settings(of: det0, expected)
    var fits = try sites(several).map { site in
      var accumulator = det0.makeAccumulator(site.width, settings)
      for side in Side.allCases { accumulator.observe(side, site[side]) }
      return try accumulator.finish()
    }
    let select = try #require(det0.select)
    try select(&fits, settings)
    let factors = try #require(expected["factor"]?.array).map(\.floats)
    #expect(factors.joined().count { $0 == 0 } == 4 && factors.count { $0.contains(0) } > 1)
    #expect(fits.map { $0.parameters["factor"]!.values } == factors)
  }

  /// Channels of several sites are ranked together by how many pairs they tell.
  @Test func momentaAreComparedAmongAllSites() throws {
    let several = try #require(try Self.reference.get().json["several"])
    let expected = try #require(several["austeer"])
    let settings = try settings(of: auSteer, expected)
    var fits = try sites(several).map { site in
      var accumulator = auSteer.makeAccumulator(site.width, settings)
      for side in Side.allCases { accumulator.observe(side, Array(site[side].prefix(site[.target].count))) }
      return try accumulator.finish()
    }
    let select = try #require(auSteer.select)
    try select(&fits, settings)
    let factors = try #require(expected["factor"]?.array).map(\.floats)
    #expect(factors.joined().count { $0 != 1 } == 3)
    for (fit, factors) in zip(fits, factors) {
      expectEqual(try #require(fit.parameters["factor"]).values, factors, "factor")
    }
  }

  /// Along the axes one linear step is Linear-AcT, also where the sides differ in number and a channel does not vary.
  @Test(arguments: golden) func oneStepAlongTheAxesIsLinearAct(name: String) throws {
    let site = try GoldenSite(try #require(try Self.reference.get().json["golden"]?[name]))
    for steps in ["1", "8"] {
      let settings = try MethodSettings(slicedAct.options, ["directions": "axes", "steps": steps])
      let fits = try [
        slicedAct.makeAccumulator(site.width, settings), linearAct.makeAccumulator(site.width),
      ]
      .map { accumulator in
        var accumulator = accumulator
        for side in Side.allCases { accumulator.observe(side, site[side]) }
        return try accumulator.finish()
      }
      #expect(fits[0].meanShiftChannels == fits[1].meanShiftChannels)
      #expect(fits[0].parameters == fits[1].parameters)
    }
  }

  /// Heads of several sites are ranked together by the samples held out.
  @Test(arguments: [itiMean, itiClassifier])
  func headsAreChosenAmongAllSites(method: SteeringMethod) throws {
    let several = try #require(try Self.reference.get().json["several"])
    let expected = try #require(several[method.name])
    let settings = try settings(of: method, expected)
    var fits = try sites(several, "heads").map { site in
      var accumulator = method.makeAccumulator(site.width, settings, heads: 3)
      for side in Side.allCases { accumulator.observe(side, site[side]) }
      return try accumulator.finish()
    }
    #expect(Set(fits.flatMap { $0.scores["accuracy"]! }).count > 2)
    let select = try #require(method.select)
    try select(&fits, settings)
    let shifts = try #require(expected["shift"]?.array).map(\.floats)
    #expect(shifts.joined().count { $0 != 0 } == 4 * 2 && shifts.count { $0.contains { $0 != 0 } } > 1)
    for (fit, shift) in zip(fits, shifts) { expectEqual(fit.parameters["shift"]!.values, shift, "shift") }
  }

  /// The controller sees the differences of all earlier sites.
  @Test func controllersSumOverSites() throws {
    let several = try #require(try Self.reference.get().json["several"])
    let expected = try #require(several["pid-act"])
    let settings = try settings(of: pidAct, expected)
    let follow = try #require(pidAct.follow)
    var earlier: [[String: MapParameter]] = []
    for (site, correction) in zip(try sites(several), try #require(expected["correction"]?.array)) {
      var accumulator = pidAct.makeAccumulator(site.width, settings)
      for side in Side.allCases { accumulator.observe(side, site[side]) }
      var fit = try accumulator.finish()
      try follow(&fit, earlier, settings)
      expectEqual(try #require(fit.parameters["correction"]).values, correction.floats, "\(earlier.count)")
      earlier.append(fit.parameters)
    }
    #expect(earlier.count == 4)
  }

  private func settings(of method: SteeringMethod, _ expected: JSON) throws -> MethodSettings {
    let options = try #require(expected["options"]?.members)
    return try MethodSettings(
      method.options, Dictionary(uniqueKeysWithValues: options.map { ($0.key, $0.value.string ?? "") }))
  }

  private func sites(_ several: JSON, _ key: String = "sites") throws -> [GoldenSite] {
    try #require(several[key]?.array).map { try GoldenSite($0) }
  }
}

/// The samples of both sides at a site.
private struct GoldenSite {
  var width: Int
  private var sides: [Side: [Float]] = [:]

  init(_ json: JSON) throws {
    width = try #require(json["source"]?.array?.first?.array?.count)
    for side in Side.allCases { sides[side] = try #require(json[side.rawValue]).floats }
  }

  subscript(side: Side) -> [Float] { sides[side]! }
}

extension JSON {
  /// The numbers of an array of any depth, in order.
  fileprivate var floats: [Float] { array.map { $0.flatMap(\.floats) } ?? [Float(double ?? .nan)] }

  /// The shape of such an array, all of whose parts are alike.
  fileprivate var shape: [Int] { array.map { [$0.count] + ($0.first?.shape ?? []) } ?? [] }
}
