import ActFormats
import ActIR

/// OPT (arXiv 2205.01068): learned positions that begin at row 2 of their table, norms before or after attention and
/// MLP, and an embedding that may be narrower than the stream.
let opt = Architecture("OPTForCausalLM") { configuration, weightType in
  let c = try OPTConfiguration(configuration)
  var b = ModelBuilder(name: "opt", configuration: configuration, weightType: weightType)
  return try b.optModel(c)
}

extension ModelBuilder {
  fileprivate mutating func optModel(_ c: OPTConfiguration) throws -> ModelGraph {
    let (inputs, module) = (decoderInputs(), "model.decoder")
    let embedding = try embedding(
      "\(module).embed_tokens", c.vocabulary, c.embeddingWidth, inputs.tokens,
      orTied: c.tiesEmbedding ? "lm_head" : nil)
    var h = embedding
    if c.isProjected { h = try linear(h, "\(module).project_in", c.width, c.embeddingWidth, bias: false) }
    let skipped = 2
    let places = try positionEmbedding(
      "\(module).embed_positions", c.context + skipped, c.width, inputs.positions, from: skipped)
    h = sum(h, places, "\(module).embedding")
    for layer in 0..<c.layers { h = try optLayer(h, c, layer) }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    if c.hasFinalNorm { h = try optNorm(h, "\(module).final_layer_norm", c) }
    if c.isProjected { h = try linear(h, "\(module).project_out", c.embeddingWidth, c.width, bias: false) }
    let logits = try head(h, c.vocabulary, tied: c.tiesEmbedding ? embedding : nil)
    return languageModel(logits, context: c.context)
  }

  private mutating func optLayer(_ x: ValueID, _ c: OPTConfiguration, _ layer: Int) throws -> ValueID {
    let prefix = "model.decoder.layers.\(layer)"
    let attention = "\(prefix).self_attn"
    let x = input(x, of: prefix)
    let n = c.normalizesBefore ? try optNorm(x, "\(prefix).self_attn_layer_norm", c) : x
    let (q, k, v) = try projections(n, attention, c.heads, bias: c.hasBias)
    let mixed = self.attention(q, k, v, c.heads, layer: layer, attention)
    var h = sum(
      x, try linear(mixed, "\(attention).out_proj", c.width, c.width, bias: c.hasBias), "\(prefix).h")
    if !c.normalizesBefore { h = try optNorm(h, "\(prefix).self_attn_layer_norm", c) }

    let m = c.normalizesBefore ? try optNorm(h, "\(prefix).final_layer_norm", c) : h
    let inner = try linear(m, "\(prefix).fc1", c.inner, c.width, bias: c.hasBias)
    let active = c.activation.append(
      to: &graph, inner, name: "\(prefix).activation_fn", site: "\(prefix).activation_fn")
    let outer = try linear(active, "\(prefix).fc2", c.width, c.inner, bias: c.hasBias)
    let total = sum(h, outer, prefix, isSite: c.normalizesBefore)
    guard !c.normalizesBefore else { return total }
    // A value has one site: the layer's output is a view of its norm's.
    let normalized = try optNorm(total, "\(prefix).final_layer_norm", c)
    return graph.append(.reshape(graph.type(normalized).shape), normalized, name: prefix, site: prefix)
  }

  private mutating func optNorm(_ x: ValueID, _ module: String, _ c: OPTConfiguration) throws -> ValueID {
    guard c.normsHaveWeights else {
      return graph.append(.layerNorm(eps: c.eps), input(x, of: module), name: module, site: module)
    }
    return try layerNorm(x, module, eps: c.eps)
  }
}

private struct OPTConfiguration {
  var width, embeddingWidth, inner, layers, vocabulary, context: Int
  var heads: AttentionHeads
  let eps: Float = 1e-5
  var normalizesBefore, hasFinalNorm, normsHaveWeights, hasBias, tiesEmbedding: Bool
  var activation: Activation

  var isProjected: Bool { embeddingWidth != width }

  init(_ c: Configuration) throws {
    width = try c.size("hidden_size")
    embeddingWidth = try c.size("word_embed_proj_dim", default: width)
    inner = try c.size("ffn_dim")
    layers = try c.size("num_hidden_layers")
    vocabulary = try c.size("vocab_size")
    context = try c.size("max_position_embeddings", default: 2048)
    heads = try AttentionHeads(c, dividing: width)
    normalizesBefore = try c.flag("do_layer_norm_before", default: true)
    let removesFinalNorm = try c.flag("_remove_final_layer_norm", default: false)
    hasFinalNorm = normalizesBefore && !removesFinalNorm
    normsHaveWeights = try c.flag("layer_norm_elementwise_affine", default: true)
    hasBias = try c.flag("enable_bias", default: true)
    tiesEmbedding = try c.flag("tie_word_embeddings", default: true)
    // In Galactica's files; the published code learns positions always.
    c.disregard("learned_embeddings")
    activation = try Activation(c, "activation_function", default: "relu")
  }
}
