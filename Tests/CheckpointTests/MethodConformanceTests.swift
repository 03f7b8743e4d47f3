import ActMethodChecks
import ActPasses
import Testing

/// What every registered method must do. A new method is covered by being registered.
@Suite struct MethodConformanceTests {
  @Test(arguments: registeredMethods, MethodCheck.allCases)
  func conforms(method: SteeringMethod, check: MethodCheck) throws {
    let failures = try check.failures(of: method)
    #expect(failures.isEmpty, "\(failures.joined(separator: "; "))")
  }

  @Test func everyNameStandsForOneMethod() {
    #expect(Set(registeredMethods.map(\.name)).count == registeredMethods.count)
  }
}
