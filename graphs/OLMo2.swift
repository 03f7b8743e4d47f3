import ActFormats
import ActIR

/// OLMo 2 (arXiv 2501.00656): Llama with norms after attention and MLP in place of before them, and of all queries and
/// keys of a row together.
let olmo2 = Architecture("Olmo2ForCausalLM") { configuration, weightType in
  let d = try DecoderConfiguration(configuration, .init(eps: 1e-5))
  let rope = try RotaryPositions(configuration, headWidth: d.heads.width, context: d.context)
  let hasBias = try configuration.flag("attention_bias", default: false)
  var b = ModelBuilder(name: "olmo2", configuration: configuration, weightType: weightType)
  return try b.olmo2Model(d, rope, hasBias)
}
// vLLM gives no layer a bias; llama.cpp fails on one of `o_proj`.
.holding(.attentionBias(unsupportedBy: [.vllm, .llamaCpp]), .ownHead())

extension ModelBuilder {
  fileprivate mutating func olmo2Model(
    _ d: DecoderConfiguration, _ rope: RotaryPositions, _ hasBias: Bool
  ) throws -> ModelGraph {
    let inputs = decoderInputs()
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<d.layers {
      let prefix = "model.layers.\(layer)"
      h = input(h, of: prefix)
      let mixed = try olmo2Attention(h, table, d, hasBias, layer, "\(prefix).self_attn")
      let a = sum(h, try rmsNorm(mixed, "\(prefix).post_attention_layernorm", eps: d.eps), "\(prefix).h")
      let outer = try gatedMLP(a, "\(prefix).mlp", d.inner, d.activation)
      let normalized = try rmsNorm(outer, "\(prefix).post_feedforward_layernorm", eps: d.eps)
      h = sum(a, normalized, prefix, isSite: true)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try rmsNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding)
    return languageModel(logits, context: rope.context)
  }

  private mutating func olmo2Attention(
    _ x: ValueID, _ table: ValueID, _ d: DecoderConfiguration, _ hasBias: Bool, _ layer: Int, _ module: String
  ) throws -> ValueID {
    var (q, k, v) = try projections(x, module, d.heads, bias: hasBias)
    q = try rmsNorm(q, "\(module).q_norm", eps: d.eps)
    k = try rmsNorm(k, "\(module).k_norm", eps: d.eps)
    let mixed = attention(
      rotated(q, table, d.heads, "\(module).q"), rotated(k, table, d.heads, "\(module).k"), v, d.heads,
      layer: layer, module)
    return try linear(mixed, "\(module).o_proj", d.width, d.heads.queryChannels, bias: hasBias)
  }
}
