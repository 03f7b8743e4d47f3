import ActKernels
import Glibc
import Testing

@Suite struct DispatchTests {
  @Test func levelsHaveTheirNames() {
    #expect(Level.all.map(\.name).contains("portable"))
    for name in [
      "portable", "avx2", "avx512", "avx512vnni", "avx512bf16", "amx", "amx-emulated", "neon",
    ] {
      if let level = act_isa_level(name) { #expect(String(cString: level.pointee.name) == name) }
    }
    #expect(act_isa_level("sse9") == nil)
    #expect(act_isa_level("") == nil)
  }

  #if compiler(>=6.2)
  @Test func environmentLowersTheLevel() async {
    await #expect(processExitsWith: .success) {
      setenv("ACT_ISA", "portable", 1)
      guard String(cString: act_isa_name()) == "portable", act_isa_error() == nil else { exit(1) }
    }
  }

  @Test func unknownLevelIsAnError() async {
    await #expect(processExitsWith: .success) {
      setenv("ACT_ISA", "avx9", 1)
      guard let error = act_isa_error(), String(cString: error).hasPrefix("ACT_ISA: 'avx9' is not a level")
      else { exit(1) }
    }
  }

  @Test func bestLevelWithoutEnvironment() async {
    await #expect(processExitsWith: .success) {
      unsetenv("ACT_ISA")
      // Of the levels that run here the best; avx512bf16 only where it is faster than avx512vnni.
      let order = ["amx", "avx512bf16", "avx512vnni", "avx512", "avx2", "neon", "portable"]
      let name = String(cString: act_isa_name())
      let best = order.filter { act_isa_level($0) != nil }
      guard name == best.first || (best.first == "avx512bf16" && name == "avx512vnni"), act_isa_error() == nil
      else { exit(1) }
    }
  }
  #endif
}
