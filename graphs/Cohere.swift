import ActFormats
import ActIR

/// Command R of Cohere: attention and MLP beside each other on one layer norm without bias, neighbouring channels
/// rotated together, and a factor of the logits.
let cohere = Architecture("CohereForCausalLM") { configuration, weightType in
  let c = try CohereConfiguration(configuration)
  var b = ModelBuilder(name: "cohere", configuration: configuration, weightType: weightType)
  return try b.cohereModel(c)
}
// vLLM gives no layer a bias; llama.cpp fails on one of `o_proj`.
.holding(.attentionBias(unsupportedBy: [.vllm, .llamaCpp]))

extension ModelBuilder {
  fileprivate mutating func cohereModel(_ c: CohereConfiguration) throws -> ModelGraph {
    let (d, inputs) = (c.decoder, decoderInputs())
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(c.rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<d.layers {
      let prefix = "model.layers.\(layer)"
      h = input(h, of: prefix)
      let n = try layerNorm(h, "\(prefix).input_layernorm", eps: d.eps, bias: false)
      let a = sum(h, try cohereAttention(n, table, c, layer, "\(prefix).self_attn"), "\(prefix).h")
      h = sum(a, try gatedMLP(n, "\(prefix).mlp", d.inner, d.activation), prefix, isSite: true)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try layerNorm(h, "model.norm", eps: d.eps, bias: false)
    let logits = try head(h, d, embedding)
    return languageModel(scaled(logits, by: c.logitFactor, "logits"), context: c.rope.context)
  }

  private mutating func cohereAttention(
    _ x: ValueID, _ table: ValueID, _ c: CohereConfiguration, _ layer: Int, _ module: String
  ) throws -> ValueID {
    let (d, heads) = (c.decoder, c.decoder.heads)
    var (q, k, v) = try projections(x, module, heads, bias: c.hasBias)
    if c.normalizesHeads {
      q = joined(try cohereHeadNorm(split(q, heads), "\(module).q_norm", eps: d.eps))
      k = joined(try cohereHeadNorm(split(k, heads), "\(module).k_norm", eps: d.eps))
    }
    let mixed = attention(
      rotated(q, table, heads, "\(module).q", pairs: .interleaved),
      rotated(k, table, heads, "\(module).k", pairs: .interleaved), v, heads, layer: layer, module)
    return try linear(mixed, "\(module).o_proj", d.width, heads.queryChannels, bias: c.hasBias)
  }

  /// A layer norm of heads `[T,H,W]`, with a gain `[H,W]`.
  private mutating func cohereHeadNorm(_ x: ValueID, _ module: String, eps: Float) throws -> ValueID {
    let gain = try widened("\(module).weight", graph.type(x).shape.dropFirst().map { $0.fixed! })
    return graph.append(.layerNorm(eps: eps), input(x, of: module), gain, name: module, site: module)
  }
}

private struct CohereConfiguration {
  var decoder: DecoderConfiguration
  var rope: RotaryPositions
  var logitFactor: Double
  var hasBias, normalizesHeads: Bool

  init(_ c: Configuration) throws {
    decoder = try DecoderConfiguration(
      c, .init(context: 8192, epsKey: "layer_norm_eps", eps: 1e-5, tiesEmbedding: true))
    rope = try RotaryPositions(
      c, headWidth: decoder.heads.width, context: decoder.context, .init(base: 500_000))
    logitFactor = try c.number("logit_scale", in: 1e-9...1e9, default: 0.0625)
    hasBias = try c.flag("attention_bias", default: false)
    normalizesHeads = try c.flag("use_qk_norm", default: false)
  }
}
