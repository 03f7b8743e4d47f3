import ActCompile
import ActFormats
import ActIR
import ActPlan
import ActRuntime
import Glibc
import ModelChecks
import Testing
import Workbench

/// SmolLM2 straight from its GGUF file equals SmolLM2 imported.
@Suite(.serialized, SmolLM2.isThere) struct GGUFTests {
  static let file = getenv("ACT_SMOLLM2_GGUF").map { String(cString: $0) }
  static let isThere = ConditionTrait.enabled(if: file != nil, "set ACT_SMOLLM2_GGUF to the file of SmolLM2")

  @Test(isThere) func plansAreTheSame() throws {
    let (direct, imported) = (try Model(try #require(Self.file)), try SmolLM2.model())
    #expect(direct.fingerprint == imported.fingerprint)
    #expect(direct.graph.description == imported.graph.description)
    #expect(try direct.endTokens() == imported.endTokens())
    let directory = try TemporaryDirectory()
    for (model, name) in [(direct, "direct.plan"), (imported, "imported.plan")] {
      let tokenizer = try #require(try ModelTokenizer(model.files, isRequired: true) { _ in })
      try model.compile().write(
        to: directory.file(name), texts: .init(tokenizers: [tokenizer.inPlan]), provenance: .null)
    }
    #expect(try directory.read("direct.plan") == directory.read("imported.plan"))
  }

  @Test(isThere) func logitsAreTheSame() throws {
    let reference = try TensorFile(fixture("smollm2/reference.safetensors"))
    let tokens = try reference.integers("short/tokens")
    let logits = try [Model(try #require(Self.file)), SmolLM2.model()].map { try $0.makeEngine().run(tokens) }
    #expect(sameBits(logits[0], logits[1]))
  }
}
