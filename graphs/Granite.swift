import ActFormats
import ActIR

/// Granite 3: Llama with a factor of the embedding, of the scores, of what is added to the stream, and of the logits.
let granite = Architecture("GraniteForCausalLM") { configuration, weightType in
  let c = try GraniteConfiguration(configuration)
  var b = ModelBuilder(name: "granite", configuration: configuration, weightType: weightType)
  return try b.graniteModel(c)
}
.holding(.attentionBias(), .mlpBias, .ownHead())

extension ModelBuilder {
  fileprivate mutating func graniteModel(_ c: GraniteConfiguration) throws -> ModelGraph {
    let (d, inputs) = (c.decoder, decoderInputs())
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(c.rope.embedding), inputs.positions, name: "rope")
    var h = scaled(embedding, by: c.embeddingFactor, "model.embedding")
    for layer in 0..<d.layers { h = try graniteLayer(h, table, c, layer) }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try rmsNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding)
    let divisor = graph.append(.constant(Float(c.logitDivisor)), name: "logits.divisor")
    return languageModel(
      graph.append(.binary(.div), logits, divisor, name: "logits"), context: c.rope.context)
  }

  private mutating func graniteLayer(
    _ x: ValueID, _ table: ValueID, _ c: GraniteConfiguration, _ layer: Int
  ) throws -> ValueID {
    let (d, heads, prefix) = (c.decoder, c.decoder.heads, "model.layers.\(layer)")
    let (x, attention) = (input(x, of: prefix), "\(prefix).self_attn")
    let n = try rmsNorm(x, "\(prefix).input_layernorm", eps: d.eps)
    let (q, k, v) = try projections(n, attention, heads, bias: c.attentionHasBias)
    let mixed = self.attention(
      rotated(q, table, heads, "\(attention).q"), rotated(k, table, heads, "\(attention).k"), v, heads,
      layer: layer, attention, scale: c.scoreFactor)
    let o = try linear(
      mixed, "\(attention).o_proj", d.width, heads.queryChannels, bias: c.attentionHasBias)
    let h = sum(x, scaled(o, by: c.residualFactor, "\(attention).scaled"), "\(prefix).h")
    let m = try rmsNorm(h, "\(prefix).post_attention_layernorm", eps: d.eps)
    let outer = try gatedMLP(m, "\(prefix).mlp", d.inner, d.activation, bias: c.mlpHasBias)
    return sum(h, scaled(outer, by: c.residualFactor, "\(prefix).mlp.scaled"), prefix, isSite: true)
  }
}

private struct GraniteConfiguration {
  var decoder: DecoderConfiguration
  var rope: RotaryPositions
  var embeddingFactor, residualFactor, logitDivisor: Double
  var scoreFactor: Float
  var attentionHasBias, mlpHasBias: Bool

  init(_ c: Configuration) throws {
    decoder = try DecoderConfiguration(c)
    rope = try RotaryPositions(c, headWidth: decoder.heads.width, context: decoder.context)
    func factor(_ key: String) throws -> Double { try c.number(key, in: 1e-9...1e9, default: 1) }
    embeddingFactor = try factor("embedding_multiplier")
    residualFactor = try factor("residual_multiplier")
    logitDivisor = try factor("logits_scaling")
    scoreFactor = Float(try factor("attention_multiplier"))
    attentionHasBias = try c.flag("attention_bias", default: false)
    mlpHasBias = try c.flag("mlp_bias", default: false)
  }
}
