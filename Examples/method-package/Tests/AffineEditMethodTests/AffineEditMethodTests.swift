import ActIR
import ActMethodChecks
import ActPasses
import AffineEditMethod
import Testing

@Suite struct AffineEditMethodTests {
  /// What every method must do; `MethodCheck` says what each check is about.
  @Test(arguments: MethodCheck.allCases)
  func conforms(check: MethodCheck) throws {
    #expect(try check.failures(of: affineEditMethod) == [])
  }

  /// The means are (1, 1) and (4, 5): along (0.6, 0.8) they are 1.4 and 6.4.
  @Test(arguments: [(0.0, 1.4), (1.0, 6.4), (-0.5, -1.1)])
  func levelIsThatOfTheAmount(amount: Double, level: Float) throws {
    let settings = try MethodSettings(affineEditMethod.options, ["amount": "\(amount)"])
    var accumulator = affineEditMethod.gathering.makeAccumulator(SiteChannels(width: 2), settings)
    accumulator.observe(.source, [0, 2, 2, 0])
    accumulator.observe(.target, [3, 4, 5, 6])
    let parameters = try accumulator.finish().parameters
    #expect(parameters["v"] == MapParameter([0.6, 0.8], shape: [1, 2]))
    #expect((try #require(parameters["level"]).values[0] - level).magnitude < 1e-6)
  }
}
