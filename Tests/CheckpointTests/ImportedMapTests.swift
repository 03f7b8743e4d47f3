import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Map files that the scripts made of what ml-act and pyreft save, against hooks that compute as those do
/// (`Scripts/make-conversion-fixtures.py`).
@Suite struct ImportedMapTests {
  private func map(_ name: String) throws -> MapFile {
    try MapFile(reading: fixture("convert/\(name).maps.safetensors"))
  }

  @Test(arguments: ["ml-act", "reft"], [Variant.reference, .live, .frozen])
  func equalHooks(name: String, variant: Variant) throws {
    let model = try Model(fixture("tiny-plain"))
    let file = try TensorFile(fixture("convert/\(name).safetensors"))
    let tokens = try file.integers("tokens").map { Int32($0) }
    for strength: Float in [0, 0.5, 1] {
      let engine = try model.makeEngine(steeredBy: map(name), variant, strength: strength)
      if variant != .frozen { try engine.setStrengths([steeringMap: strength], slot: 1) }
      let logits = try engine.run(tokens, slot: variant == .frozen ? 0 : 1)
      let deviation = Deviation(logits, from: try file.floats("logits_\(strength)"))
      #expect(deviation.largestRelative <= 1e-5, "\(strength): \(deviation)")
    }
  }

  /// The function that the script writes is the method's.
  @Test func reftIsTheMethod() throws {
    #expect(importedMethods.map(\.name) == ["reft"])
    let (written, own) = (try Graph(parsing: map("reft").transport), try Graph(parsing: reft.transport))
    #expect(written.description == own.description)
    try Transport.check(own)
    let accumulator = reft.makeAccumulator(4)
    let error = #expect(throws: FitError.self) { try accumulator.finish() }
    #expect(error?.description.contains("Scripts/convert-pyreft.py") == true)
  }

  /// Behind a linear layer a frozen edit is arithmetic on weights.
  @Test func reftFoldsByItsForm() throws {
    let model = try Model(fixture("tiny-plain"))
    var map = try map("reft")
    for index in map.sites.indices { map.sites[index].name += ".mlp.down_proj" }
    let frozen = try model.compileSteered(by: map, .frozen, strength: 0.5)
    #expect(frozen.plan.stepCount == (try model.compileSteered()).plan.stepCount)
  }
}
