import ActCompile
import ActFormats
import ActRuntime
import ActText
import ModelChecks
import Testing

/// Values at sites, read out of a running step, against what transformers computed there.
@Suite struct ObservationTests {
  private let reference: TensorFile
  private let tokens: [Int32]

  init() throws {
    reference = try record(of: "prompt1", by: "tiny-gqa")
    tokens = try reference.integers("tokens")
  }

  private func languageModel(fuses: Bool) throws -> LanguageModel {
    var options = CompileOptions()
    options.fuses = fuses
    let engine = try Model(fixture("tiny-gqa")).compile(MapSet(), options).makeEngine()
    return try LanguageModel(engine, path: "tiny", tokenizer: nil)
  }

  @Test(arguments: [true, false], [5, 128])
  func sitesEqualTheReference(fuses: Bool, chunkSize: Int) throws {
    let model = try languageModel(fuses: fuses)
    let patterns =
      fuses ? ["*layernorm", "model.norm"] : ["*layernorm", "*o_proj", "*down_proj", "model.*[0-9]"]
    let sites = try SitePattern.choose(patterns, from: model.engine.observableSites)
    #expect(sites.count == (fuses ? 7 : 15))
    let results = try model.evaluate(tokens, sites: Set(sites), chunkSize: chunkSize)
    #expect(results.map(\.name) == ["logits"] + sites)
    for result in results {
      let expected = try reference.floats(result.name)
      #expect(Deviation(result.values, from: expected).normalizedSquaredError <= 1e-8, "\(result.name)")
    }
  }

  @Test func observingChangesNothing() throws {
    let model = try languageModel(fuses: true)
    let plain = try model.evaluate(tokens)[0].values
    let observed = try model.evaluate(tokens, sites: Set(model.engine.observableSites))[0].values
    #expect(sameBits(plain, observed))
  }
}
