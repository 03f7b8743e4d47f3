import ActCommands
import ActPasses
import Testing

/// Methods that a package of its own adds to the commands.
@Suite struct KnownMethodTests {
  @Test func addedMethodsFollowTheRegisteredOnes() async {
    await #expect(processExitsWith: .success) {
      KnownMethods.add([renamed("centre-act")])
      precondition(KnownMethods.all.map(\.name) == registeredMethods.map(\.name) + ["centre-act"])
    }
  }

  @Test func aNameStandsForOneMethod() async {
    await #expect(processExitsWith: .failure) { KnownMethods.add([renamed("mean-act")]) }
    await #expect(processExitsWith: .failure) { KnownMethods.add([renamed("a"), renamed("a")]) }
  }
}

private func renamed(_ name: String) -> SteeringMethod {
  SteeringMethod(
    name, version: "1", summary: meanAct.summary, transport: meanAct.transport,
    gathering: meanAct.gathering)
}
