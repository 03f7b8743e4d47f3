import ActFormats
import ActIR

/// Gemma (arXiv 2403.08295): a scaled embedding, RMS norms whose gain is 1 + the weight, GeGLU.
let gemma = Architecture("GemmaForCausalLM") { configuration, weightType in
  var d = try DecoderConfiguration(
    configuration,
    .init(
      keyValueHeads: 16, headWidth: 256, context: 8192, tiesEmbedding: true, activation: "gelu_pytorch_tanh"))
  // The first files say `gelu` and mean its approximation; what they say of `hidden_activation` is not read.
  configuration.disregard("hidden_activation")
  if d.activation == .function(.gelu) { d.activation = .function(.geluTanh) }
  let hasBias = try configuration.flag("attention_bias", default: false)
  let rope = try RotaryPositions(configuration, headWidth: d.heads.width, context: d.context)
  var b = ModelBuilder(name: "gemma", configuration: configuration, weightType: weightType)
  return try b.gemmaModel(d, rope, hasBias)
}
// vLLM gives no layer a bias and ties the head always; llama.cpp fails on a bias of `o_proj`, and its converter drops the head.
.holding(.attentionBias(unsupportedBy: [.vllm, .llamaCpp]), .ownHead(unsupportedBy: [.vllm, .llamaCpp]))

extension ModelBuilder {
  fileprivate mutating func gemmaModel(
    _ d: DecoderConfiguration, _ rope: RotaryPositions, _ hasBias: Bool
  ) throws -> ModelGraph {
    let inputs = decoderInputs()
    let embedding = try gemmaEmbedding(d, inputs)
    let table = graph.append(.ropeTable(rope.embedding), inputs.positions, name: "rope")
    var h = embedding.scaled
    for layer in 0..<d.layers {
      let prefix = "model.layers.\(layer)"
      h = input(h, of: prefix)
      let n = try gemmaNorm(h, "\(prefix).input_layernorm", eps: d.eps)
      let attention = GemmaAttention(heads: d.heads, scale: d.heads.scale, hasBias: hasBias)
      let a = sum(h, try gemmaAttention(n, table, attention, layer, "\(prefix).self_attn"), "\(prefix).h")
      let m = try gemmaNorm(a, "\(prefix).post_attention_layernorm", eps: d.eps)
      h = sum(a, try gatedMLP(m, "\(prefix).mlp", d.inner, d.activation), prefix, isSite: true)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try gemmaNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding.plain)
    return languageModel(logits, context: rope.context)
  }
}

/// The attention of the Gemma models.
struct GemmaAttention {
  var heads: AttentionHeads
  var scale: Float
  var hasBias: Bool
  var softCap: Float = 0
  var window = 0
  /// The eps of the norms of each head's queries and keys, where there are any.
  var headNormEps: Float?
}

/// What all generations of Gemma share.
extension ModelBuilder {
  /// The embedding as the table has it, for a tied head, and times √width, the module's output.
  mutating func gemmaEmbedding(
    _ d: DecoderConfiguration, _ inputs: DecoderInputs
  ) throws -> (plain: ValueID, scaled: ValueID) {
    let plain = try tokenEmbedding(d, inputs, isSite: false)
    return (plain, scaled(plain, by: Double(d.width).squareRoot(), "model.embed_tokens", isSite: true))
  }

  /// An RMS norm whose gain is 1 + the weight.
  mutating func gemmaNorm(_ x: ValueID, _ prefix: String, eps: Float) throws -> ValueID {
    let weight = try vector("\(prefix).weight", graph.type(x).shape.last!.fixed!)
    let one = graph.append(.constant(1), name: "one")
    let gain = graph.append(.binary(.add), weight, one, name: "\(prefix).gain")
    return graph.append(.rmsNorm(eps: eps), input(x, of: prefix), gain, name: prefix, site: prefix)
  }

  /// Attention from queries, keys and values to `o_proj`.
  mutating func gemmaAttention(
    _ x: ValueID, _ table: ValueID, _ a: GemmaAttention, _ layer: Int, _ module: String
  ) throws -> ValueID {
    let width = graph.type(x).shape.last!.fixed!
    var (q, k, v) = try projections(x, module, a.heads, bias: a.hasBias)
    if let eps = a.headNormEps {
      q = joined(try gemmaNorm(split(q, a.heads), "\(module).q_norm", eps: eps))
      k = joined(try gemmaNorm(split(k, a.heads), "\(module).k_norm", eps: eps))
    }
    let mixed = attention(
      rotated(q, table, a.heads, "\(module).q"), rotated(k, table, a.heads, "\(module).k"), v, a.heads,
      layer: layer, module, scale: a.scale, window: a.window, softCap: a.softCap)
    return try linear(mixed, "\(module).o_proj", width, a.heads.queryChannels, bias: a.hasBias)
  }

  /// A layer of Gemma 2 and 3: norms before and after attention and MLP.
  mutating func gemmaSandwichLayer(
    _ x: ValueID, _ table: ValueID, _ d: DecoderConfiguration, _ a: GemmaAttention, _ layer: Int
  ) throws -> ValueID {
    let prefix = "model.layers.\(layer)"
    let x = input(x, of: prefix)
    let n = try gemmaNorm(x, "\(prefix).input_layernorm", eps: d.eps)
    let mixed = try gemmaAttention(n, table, a, layer, "\(prefix).self_attn")
    let h = sum(x, try gemmaNorm(mixed, "\(prefix).post_attention_layernorm", eps: d.eps), "\(prefix).h")
    let m = try gemmaNorm(h, "\(prefix).pre_feedforward_layernorm", eps: d.eps)
    let outer = try gatedMLP(m, "\(prefix).mlp", d.inner, d.activation)
    let normalized = try gemmaNorm(outer, "\(prefix).post_feedforward_layernorm", eps: d.eps)
    return sum(h, normalized, prefix, isSite: true)
  }
}

/// What Gemma 2 and 3 have in their `config.json` beside what other decoders have.
struct GemmaConfiguration {
  var decoder: DecoderConfiguration
  var attention: GemmaAttention
  var windows: [Int]
  /// The cap of the logits.
  var logitCap: Double?

  init(_ c: Configuration, context: Int, logitCap defaultCap: Double?, isWindowed: (Int) -> Bool) throws {
    decoder = try DecoderConfiguration(
      c,
      .init(
        keyValueHeads: 4, headWidth: 256, context: context, tiesEmbedding: true,
        activationKey: "hidden_activation", activation: "gelu_pytorch_tanh"))
    let scalar = try c.number("query_pre_attn_scalar", in: 1e-3...1e6, default: 256)
    attention = GemmaAttention(
      heads: decoder.heads, scale: Float(1 / scalar.squareRoot()),
      hasBias: try c.flag("attention_bias", default: false))
    windows = try c.windows(
      layers: decoder.layers, of: c.slidingWindow(default: 4096), isWindowed: isWindowed)
    // Other names of what stands above; the published code reads none of them.
    c.disregard("hidden_act", "sliding_window_size")
    let cap = "final_logit_softcapping"
    logitCap = c.names(cap) ? try c.optionalNumber(cap, in: 1e-3...1e6) : defaultCap
  }
}
