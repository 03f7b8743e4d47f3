import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Maps in encoders: what they compute, folded or not, and that at strength 0 they are not there.
@Suite struct EncoderSteeringTests {
  private let texts: [EncoderText]

  init() {
    var random = SplitMix64(state: 23)
    texts = EncoderText.random([9, 1, 20], vocabulary: 50, using: &random)
  }

  private func entries(
    _ model: Model, _ map: MapFile? = nil, _ variant: Variant = .live, strength: Float = 0
  ) throws -> EntryModel {
    try EntryModel(
      model.makeEngine(steeredBy: map, variant, strength: strength, maximumSlots: 6), path: model.path)
  }

  /// Where encoders are steered: norms, linear outputs, activations, the embeddings and the pooler's input.
  private static let patterns = [
    "re:.*(LayerNorm|layer_norm\\d?)", "re:.*(output\\.dense|out_lin|lin2|out_proj|fc2|\\.w?o)",
    "re:.*(\\.self\\..*|[qkv]_(lin|proj)|Attention\\.[qkv])",
    "re:.*(act_fn|ffn\\.activation|activation_fn|\\.act)",
    "re:.*(word_embeddings|token_embedding|embed_tokens)",
  ]

  @Test(arguments: smallEncoders, patterns)
  func variants(checkpoint: String, pattern: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.randomMap(at: pattern)
    for strength in [0, 0.3, 1, 1.5] as [Float] {
      let dial: Steering = [steeringMap: strength]
      let reference = try entries(model, map, .reference).run(texts, strengths: dial).flatMap { $0 }
      for variant in [Variant.inserted, .live, .frozen] {
        let steered = try entries(model, map, variant, strength: strength)
        let values = try steered.run(texts, strengths: variant == .frozen ? [:] : dial).flatMap { $0 }
        #expect(
          Deviation(values, from: reference).normalizedSquaredError <= 1e-10, "\(variant), λ = \(strength)")
      }
    }
  }

  @Test(arguments: smallEncoders, patterns)
  func strengthZeroIsTheBareModel(checkpoint: String, pattern: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.randomMap(at: pattern)
    for variant in [Variant.live, .inserted, .reference] {
      let bare = try entries(model, nil, variant).run(texts).flatMap { $0 }
      let steered = try entries(model, map, variant)
      for strengths in [[:], [steeringMap: 0]] as [Steering] {
        #expect(sameBits(try steered.run(texts, strengths: strengths).flatMap { $0 }, bare), "\(variant)")
      }
      let full = try steered.run(texts, strengths: [steeringMap: 1]).flatMap { $0 }
      #expect(!sameBits(full, bare), "\(variant)")
    }
  }

  /// After the last norm a map's value can be told from the bare model's, channel by channel: for every token, or, with
  /// a scope, for those in it.
  @Test(arguments: smallEncoders, ["all", "last", "2-5", "generated"])
  func knownParameters(checkpoint: String, scope: String) throws {
    let model = try Model(fixture(checkpoint))
    let site = try #require(
      model.sites.last {
        $0.name.hasSuffix("output.LayerNorm") || $0.name.hasSuffix("output_layer_norm")
          || $0.name.hasSuffix("final_layer_norm")
      }
    ).name
    let map = try model.randomMap(at: site, scope: scope)
    let parameters = map.sites[0].parameters
    let (slope, source, target) = (
      try #require(parameters["slope"]).values, try #require(parameters["source_mean"]).values,
      try #require(parameters["target_mean"]).values
    )
    let strength: Float = 0.75
    let bare = try entries(model).run(texts)
    let steered = try entries(model, map).run(texts, strengths: [steeringMap: strength])
    let tokenScope = try #require(TokenScope(scope))
    for (text, (bare, steered)) in zip(texts, zip(bare, steered)) {
      let width = slope.count
      let expected = bare.indices.map { index in
        let (x, channel) = (bare[index], index % width)
        guard tokenScope.contains(position: index / width, promptCount: text.tokens.count) else { return x }
        return x + strength * (slope[channel] * (x - source[channel]) + target[channel] - x)
      }
      #expect(Deviation(steered, from: expected).normalizedSquaredError <= 1e-11)
    }
  }
}
