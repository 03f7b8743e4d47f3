import ActFormats
import ActIR

/// Gemma 2 (arXiv 2408.00118): Gemma with norms after attention and MLP too, soft caps, and a window in every other
/// layer.
let gemma2 = Architecture("Gemma2ForCausalLM") { configuration, weightType in
  var c = try GemmaConfiguration(configuration, context: 8192, logitCap: 30) { $0 % 2 == 0 }
  let cap = "attn_logit_softcapping"
  c.attention.softCap = Float(
    configuration.names(cap) ? try configuration.optionalNumber(cap, in: 1e-3...1e6) ?? 0 : 50)
  let rope = try RotaryPositions(configuration, headWidth: c.decoder.heads.width, context: c.decoder.context)
  var b = ModelBuilder(name: "gemma2", configuration: configuration, weightType: weightType)
  return try b.gemma2Model(c, rope)
}
// llama.cpp fails on a bias of `o_proj`, and its converter drops the head, which vLLM ties always.
.holding(.attentionBias(unsupportedBy: [.llamaCpp]), .ownHead(unsupportedBy: [.vllm, .llamaCpp]))

extension ModelBuilder {
  fileprivate mutating func gemma2Model(_ c: GemmaConfiguration, _ rope: RotaryPositions) throws -> ModelGraph
  {
    let (d, inputs) = (c.decoder, decoderInputs())
    let embedding = try gemmaEmbedding(d, inputs)
    let table = graph.append(.ropeTable(rope.embedding), inputs.positions, name: "rope")
    var (h, attention) = (embedding.scaled, c.attention)
    for layer in 0..<d.layers {
      attention.window = c.windows[layer]
      h = try gemmaSandwichLayer(h, table, d, attention, layer)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try gemmaNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding.plain)
    return languageModel(
      c.logitCap.map { softCapped(logits, at: $0, "logits") } ?? logits, context: rope.context)
  }
}
