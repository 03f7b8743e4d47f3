import ActMethodChecks
import ActPasses
import Testing

/// What every registered method must do, with the options that matter. A new method is covered by being registered.
@Suite struct MethodConformanceTests {
  @Test(arguments: MethodCase.all, MethodCheck.allCases)
  func conforms(one: MethodCase, check: MethodCheck) throws {
    let failures = try check.failures(of: one.method, choosing: one.choices)
    #expect(failures.isEmpty, "\(failures.joined(separator: "; "))")
  }

  @Test func everyNameStandsForOneMethod() {
    #expect(Set(registeredMethods.map(\.name)).count == registeredMethods.count)
  }
}
