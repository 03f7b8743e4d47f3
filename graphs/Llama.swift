import ActFormats
import ActIR

/// Llama (arXiv 2302.13971): pre-norm decoder, rotary positions, grouped heads, SwiGLU.
let llama = Architecture("LlamaForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration)
  if try configuration.flag("attention_bias", default: false) { c.biases = [.qkv, .output] }
  if try configuration.flag("mlp_bias", default: false) { c.biases.insert(.mlp) }
  var b = ModelBuilder(name: "llama", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
.holding(.attentionBias(), .mlpBias, .ownHead())

extension ModelBuilder {
  /// A decoder of Llama's form, from tokens to logits.
  mutating func llamaModel(_ c: LlamaConfiguration) throws -> ModelGraph {
    let (d, inputs) = (c.decoder, decoderInputs())
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(c.rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<d.layers { h = try llamaLayer(h, table, c, layer) }
    // Only the rows whose logits are wanted go on.
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try rmsNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding)
    return languageModel(logits, context: c.rope.context)
  }

  /// One layer: attention and a gated MLP, each of the normalised stream and added to it.
  private mutating func llamaLayer(
    _ x: ValueID, _ table: ValueID, _ c: LlamaConfiguration, _ layer: Int
  ) throws -> ValueID {
    let (d, heads, prefix) = (c.decoder, c.decoder.heads, "model.layers.\(layer)")
    let (x, attention) = (input(x, of: prefix), "\(prefix).self_attn")
    let n = try rmsNorm(x, "\(prefix).input_layernorm", eps: d.eps)
    var (q, k, v) = try projections(n, attention, heads, bias: c.biases.contains(.qkv))
    if c.normalizesHeads {
      q = joined(try rmsNorm(split(q, heads), "\(attention).q_norm", eps: d.eps))
      k = joined(try rmsNorm(split(k, heads), "\(attention).k_norm", eps: d.eps))
    }
    let mixed = self.attention(
      rotated(q, table, heads, "\(attention).q"), rotated(k, table, heads, "\(attention).k"), v, heads,
      layer: layer, attention, window: c.windows[layer])
    let o = try linear(
      mixed, "\(attention).o_proj", d.width, heads.queryChannels, bias: c.biases.contains(.output))
    let h = sum(x, o, "\(prefix).h")
    let m = try rmsNorm(h, "\(prefix).post_attention_layernorm", eps: d.eps)
    if let experts = c.experts, experts.layers.contains(layer) {
      return sum(h, try mixture(m, prefix, experts, d.activation), prefix, isSite: true)
    }
    let outer = try gatedMLP(m, "\(prefix).mlp", d.inner, d.activation, bias: c.biases.contains(.mlp))
    return sum(h, outer, prefix, isSite: true)
  }
}

/// What decoders of Llama's form have in their `config.json`, and where they differ.
struct LlamaConfiguration {
  /// Which linear layers of a decoder layer have a bias; the keys that say so differ from family to family.
  struct Biases: OptionSet {
    let rawValue: Int

    /// Queries, keys and values.
    static let qkv = Biases(rawValue: 1 << 0)
    static let output = Biases(rawValue: 1 << 1)
    static let mlp = Biases(rawValue: 1 << 2)
  }

  var decoder: DecoderConfiguration
  var rope: RotaryPositions
  var biases: Biases = []
  /// How many of the latest positions each layer sees; 0: all.
  var windows: [Int]
  /// Whether each head of queries and keys has an RMS norm, `q_norm` and `k_norm`.
  var normalizesHeads = false
  /// The experts that some layers have in place of an MLP.
  var experts: MixtureOfExperts?

  init(
    _ c: Configuration, _ defaults: DecoderConfiguration.Defaults = .init(),
    rope ropeDefaults: RotaryPositions.Defaults = .init()
  ) throws {
    decoder = try DecoderConfiguration(c, defaults)
    rope = try RotaryPositions(
      c, headWidth: decoder.heads.width, context: decoder.context, ropeDefaults)
    windows = Array(repeating: 0, count: decoder.layers)
  }
}
