import ActFormats
import ActIR

/// The text model of Gemma 3 (arXiv 2503.19786): Gemma 2 without caps of scores, with norms of each head's queries and
/// keys, and other rotary positions in layers of a window than in those that see all.
let gemma3 = Architecture("Gemma3ForCausalLM") { configuration, weightType in
  let pattern = try configuration.size("sliding_window_pattern", default: 6)
  var c = try GemmaConfiguration(configuration, context: 131_072, logitCap: nil) { ($0 + 1) % pattern != 0 }
  // The published code has the key and does not cap scores by it, and writes its pattern where it does not read it.
  configuration.disregard("attn_logit_softcapping", "_sliding_window_pattern")
  c.attention.headNormEps = c.decoder.eps
  let rope = try GemmaRotaryPositions(configuration, c.decoder)
  var b = ModelBuilder(name: "gemma3", configuration: configuration, weightType: weightType)
  return try b.gemma3Model(c, rope)
}
// llama.cpp fails on a bias of `o_proj`, and its converter drops the head, which vLLM ties always.
.holding(.attentionBias(unsupportedBy: [.llamaCpp]), .ownHead(unsupportedBy: [.vllm, .llamaCpp]))

extension ModelBuilder {
  fileprivate mutating func gemma3Model(
    _ c: GemmaConfiguration, _ rope: GemmaRotaryPositions
  ) throws -> ModelGraph {
    let (d, inputs) = (c.decoder, decoderInputs())
    let embedding = try gemmaEmbedding(d, inputs)
    let global = graph.append(.ropeTable(rope.global.embedding), inputs.positions, name: "rope.global")
    let local = graph.append(.ropeTable(rope.local.embedding), inputs.positions, name: "rope.local")
    var (h, attention) = (embedding.scaled, c.attention)
    for layer in 0..<d.layers {
      attention.window = c.windows[layer]
      h = try gemmaSandwichLayer(h, attention.window > 0 ? local : global, d, attention, layer)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try gemmaNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding.plain)
    return languageModel(
      c.logitCap.map { softCapped(logits, at: $0, "logits") } ?? logits,
      context: min(rope.global.context, rope.local.context))
  }
}

/// Rotary positions of layers that see all, and of those that see a window.
private struct GemmaRotaryPositions {
  var global, local: RotaryPositions

  /// Newer files have an object for each type of layer; older ones scale the positions of the global layers alone.
  init(_ c: Configuration, _ d: DecoderConfiguration) throws {
    let types = try c.object("rope_parameters")
    func positions(_ type: String, _ defaults: RotaryPositions.Defaults, scaling: Configuration?) throws
      -> RotaryPositions
    {
      try RotaryPositions(
        c, headWidth: d.heads.width, context: d.context, defaults, try scaling ?? types?.object(type))
    }
    global = try positions(
      "full_attention", .init(base: 1_000_000), scaling: try c.object("rope_scaling"))
    local = try positions("sliding_attention", .init(baseKey: "rope_local_base_freq"), scaling: nil)
  }
}
