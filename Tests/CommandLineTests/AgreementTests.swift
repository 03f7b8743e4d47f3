import ActFormats
import Testing
import Workbench

/// Plans of one model and map, compiled one way or another, give the same results.
@Suite struct AgreementTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  @Test(
    arguments: [["--reference"], ["--no-fuse"], ["--no-arena"], ["--rows", "3"], ["--bisect", "1"]],
    ["0", "0.5", "1"])
  func compiledVariantsAgree(flags: [String], strength: String) throws {
    let plan = directory.file("variant.plan")
    let compiled = try Tool.actc.run(
      ["compile", workshop.model, "--maps", "m=\(workshop.map)", "--weights", "f32", "-o", plan] + flags)
    #expect(compiled.code == 0, "\(compiled.error)")
    try expectAgreement(plan, with: workshop.steered, strength)
  }

  @Test(arguments: ["0", "0.5", "1"])
  func frozenAgreesWithLive(strength: String) throws {
    let plan = directory.file("frozen.plan")
    let compiled = try Tool.actc.run(
      "compile", workshop.model, "--maps", "m=\(workshop.map)", "--weights", "f32", "--freeze",
      "m=\(strength)", "-o",
      plan)
    #expect(compiled.code == 0, "\(compiled.error)")
    try expectAgreement(plan, with: workshop.steered, strength, isFrozen: true)
  }

  /// At strength 0 the map is not there, bit for bit.
  @Test func strengthZeroIsTheBareModel() throws {
    let tokens = try writeTokens(Array(1...40), to: directory)
    for (plan, name) in [(workshop.plan, "bare"), (workshop.steered, "zero")] {
      let outcome = try Tool.actrun.run("run", plan, "--input", tokens, "-o", directory.file(name))
      #expect(outcome.code == 0, "\(outcome.error)")
    }
    let bare = try readFloats("logits", of: directory.file("bare"))
    #expect(
      bare.map(\.bitPattern) == (try readFloats("logits", of: directory.file("zero"))).map(\.bitPattern))
    let steered = try Tool.actrun.run(
      "run", workshop.steered, "--input", tokens, "--steer", "m=1", "--expected", directory.file("bare"))
    #expect(steered.code == 1, "a map at full strength changes nothing")
  }

  private func expectAgreement(
    _ plan: String, with other: String, _ strength: String, isFrozen: Bool = false
  ) throws {
    let tokens = try writeTokens([1, 99, 256, 3, 3, 200, 319, 42], to: directory)
    let out = directory.file("out")
    let steer = ["--steer", "m=\(strength)"]
    let made = try Tool.actrun.run(["run", plan, "--input", tokens, "-o", out] + (isFrozen ? [] : steer))
    #expect(made.code == 0, "\(made.error)")
    let compared = try Tool.actrun.run(
      ["run", other, "--input", tokens, "--expected", out] + steer)
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
  }
}
