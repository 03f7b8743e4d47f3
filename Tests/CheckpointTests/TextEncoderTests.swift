import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Language models as encoders of whole texts, against what `transformers` computes for their modules.
@Suite struct TextEncoderTests {
  private func encoder(_ decoder: String) throws -> Model {
    var part = ModelPart()
    part.encodesTexts = true
    return try Model(fixture(decoder), part: part)
  }

  /// The hidden states are what the last module before the head gives, and no cache is left.
  @Test(arguments: smallDecoders)
  func hiddenStates(decoder: String) throws {
    let reference = try record(of: "prompt1", by: decoder)
    let model = try encoder(decoder)
    let result = try #require(model.graph.results.first)
    #expect(model.graph.results.map(\.name) == ["last_hidden_state"])
    let site = try #require(model.graph[result.value].site)
    let tokens = try reference.integers("tokens")
    let entries = try EntryModel(model.makeEngine(), path: decoder)
    let found = try entries.run(
      [tokens, Array(tokens.prefix(3))].map { EncoderText($0.map { Int($0) }, types: []) })
    let expected = try reference.floats(site)
    for states in found {
      let deviation = Deviation(states, from: Array(expected.prefix(states.count)))
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(deviation)")
    }
    #expect(found[0].count == expected.count)
  }

  /// The class without the head is the same encoder.
  @Test(arguments: [
    ("tiny-gqa", "LlamaModel"), ("tiny-mistral", "MistralModel"), ("tiny-qwen2", "Qwen2Model"),
    ("tiny-qwen3", "Qwen3Model"), ("tiny-gemma", "GemmaModel"), ("tiny-gemma2", "Gemma2Model"),
  ])
  func classesWithoutAHead(decoder: String, name: String) throws {
    let bare = try changedGraph(decoder, nil, changing: ["architectures": #"["\#(name)"]"#])
    #expect(bare.graph.description == (try encoder(decoder).graph.description))
  }

  /// Other models are encoders already.
  @Test(arguments: ["tiny-bert", "tiny-clip-text", "tiny-t5"])
  func encodersStay(checkpoint: String) throws {
    #expect(try encoder(checkpoint).graph.description == Model(fixture(checkpoint)).graph.description)
  }
}
