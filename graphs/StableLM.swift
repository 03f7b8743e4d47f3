import ActFormats
import ActIR

/// StableLM: Llama with layer norms, heads rotated in part, norms of each head of its own, and attention and MLP one
/// after the other or beside each other.
let stableLM = Architecture("StableLmForCausalLM") { configuration, weightType in
  let c = try StableLMConfiguration(configuration)
  var b = ModelBuilder(name: "stablelm", configuration: configuration, weightType: weightType)
  return try b.stableLMModel(c)
}
.holding(.bias("use_qkv_bias", ["q_proj", "k_proj", "v_proj"].map { "self_attn.\($0)" }))

extension ModelBuilder {
  fileprivate mutating func stableLMModel(_ c: StableLMConfiguration) throws -> ModelGraph {
    let (d, inputs) = (c.decoder, decoderInputs())
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(c.rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<d.layers {
      let prefix = "model.layers.\(layer)"
      h = input(h, of: prefix)
      let n = try layerNorm(h, "\(prefix).input_layernorm", eps: d.eps)
      let a = sum(h, try stableLMAttention(n, table, c, layer, "\(prefix).self_attn"), "\(prefix).h")
      let m = c.isParallel ? n : try layerNorm(a, "\(prefix).post_attention_layernorm", eps: d.eps)
      h = sum(a, try gatedMLP(m, "\(prefix).mlp", d.inner, d.activation), prefix, isSite: true)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try layerNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding)
    return languageModel(logits, context: c.rope.context)
  }

  private mutating func stableLMAttention(
    _ x: ValueID, _ table: ValueID, _ c: StableLMConfiguration, _ layer: Int, _ module: String
  ) throws -> ValueID {
    let (d, heads) = (c.decoder, c.decoder.heads)
    var (q, k, v) = try projections(x, module, heads, bias: c.hasBias)
    if c.normalizesHeads {
      q = joined(try stableLMNorm(split(q, heads), "\(module).q_layernorm", eps: d.eps))
      k = joined(try stableLMNorm(split(k, heads), "\(module).k_layernorm", eps: d.eps))
    }
    let mixed = attention(
      rotated(q, table, heads, "\(module).q"), rotated(k, table, heads, "\(module).k"), v, heads,
      layer: layer, module)
    return try linear(mixed, "\(module).o_proj", d.width, d.width, bias: false)
  }

  /// A layer norm of heads `[T,H,W]`, each with a gain of its own, which the checkpoint has as `norms`.
  private mutating func stableLMNorm(_ x: ValueID, _ module: String, eps: Float) throws -> ValueID {
    let sizes = graph.type(x).shape.dropFirst().map { $0.fixed! }
    let gains = try (0..<sizes[0]).map { head in
      let gain = try vector("\(module).norms.\(head).weight", sizes[1])
      return graph.append(.reshape([.fixed(1), .fixed(sizes[1])]), gain, name: "\(module).norms.\(head)")
    }
    let gain = graph.append(.concat(), gains, name: "\(module).weight")
    return graph.append(.layerNorm(eps: eps), input(x, of: module), gain, name: module, site: module)
  }
}

private struct StableLMConfiguration {
  var decoder: DecoderConfiguration
  var rope: RotaryPositions
  var hasBias, normalizesHeads, isParallel: Bool

  init(_ c: Configuration) throws {
    decoder = try DecoderConfiguration(
      c, .init(keyValueHeads: 32, context: 4096, epsKey: "layer_norm_eps", eps: 1e-5))
    guard decoder.heads.queryChannels == decoder.width else {
      throw c.failure("num_attention_heads", "a divisor of hidden_size \(decoder.width)")
    }
    rope = try RotaryPositions(
      c, headWidth: decoder.heads.width, context: decoder.context, .init(share: 0.25))
    // Older names, which the published code does not read.
    c.disregard("rope_pct", "norm_eps", "rotary_scaling_factor")
    hasBias = try c.flag("use_qkv_bias", default: false)
    normalizesHeads = try c.flag("qk_layernorm", default: false)
    isParallel = try c.flag("use_parallel_residual", default: false)
  }
}
