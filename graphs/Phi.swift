import ActFormats
import ActIR

/// Phi 1 to 2 (arXiv 2306.11644): attention and MLP beside each other on one layer norm, heads rotated in part, biases
/// everywhere.
let phi = Architecture("PhiForCausalLM") { configuration, weightType in
  let d = try DecoderConfiguration(
    configuration, .init(epsKey: "layer_norm_eps", eps: 1e-5, activation: "gelu_new"))
  let rope = try RotaryPositions(
    configuration, headWidth: d.heads.width, context: d.context, .init(share: 0.5))
  let normalizesHeads = try configuration.flag("qk_layernorm", default: false)
  var b = ModelBuilder(name: "phi", configuration: configuration, weightType: weightType)
  return try b.phiModel(d, rope, normalizesHeads)
}

extension ModelBuilder {
  fileprivate mutating func phiModel(
    _ d: DecoderConfiguration, _ rope: RotaryPositions, _ normalizesHeads: Bool
  ) throws -> ModelGraph {
    let inputs = decoderInputs()
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<d.layers {
      let prefix = "model.layers.\(layer)"
      h = input(h, of: prefix)
      let n = try layerNorm(h, "\(prefix).input_layernorm", eps: d.eps)
      let mixed = try phiAttention(n, table, d, normalizesHeads, layer, "\(prefix).self_attn")
      let outer = try plainMLP(
        n, "\(prefix).mlp", d.inner, d.activation, up: "fc1", act: "activation_fn", down: "fc2")
      h = sum(sum(mixed, outer, "\(prefix).sum"), h, prefix, isSite: true)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try layerNorm(h, "model.final_layernorm", eps: d.eps)
    let logits = try head(h, d, embedding, bias: true)
    return languageModel(logits, context: rope.context)
  }

  private mutating func phiAttention(
    _ x: ValueID, _ table: ValueID, _ d: DecoderConfiguration, _ normalizesHeads: Bool, _ layer: Int,
    _ module: String
  ) throws -> ValueID {
    var (q, k, v) = try projections(x, module, d.heads, bias: true)
    if normalizesHeads {
      q = joined(try layerNorm(split(q, d.heads), "\(module).q_layernorm", eps: d.eps))
      k = joined(try layerNorm(split(k, d.heads), "\(module).k_layernorm", eps: d.eps))
    }
    let mixed = attention(
      rotated(q, table, d.heads, "\(module).q"), rotated(k, table, d.heads, "\(module).k"), v, d.heads,
      layer: layer, module)
    return try linear(mixed, "\(module).dense", d.width, d.heads.queryChannels, bias: true)
  }
}
