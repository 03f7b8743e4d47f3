import ActFormats
import ActIR

/// Phi-3 (arXiv 2404.14219): Llama with one layer for queries, keys and values and one for gate and up, and LongRoPE.
let phi3 = Architecture("Phi3ForCausalLM") { configuration, weightType in
  let d = try DecoderConfiguration(configuration, .init(context: 4096, eps: 1e-5))
  let rope = try RotaryPositions(
    configuration, headWidth: d.heads.width, context: d.context,
    .init(share: 1, originalContext: 4096, longRopeNames: ["su", "yarn"]))
  // Where no LongRoPE reads it; and what Phi-4-mini's file has beside, which the published code does not read.
  configuration.disregard("original_max_position_embeddings", "full_attn_mod", "interpolate_factor")
  let window = try configuration.slidingWindow(default: nil) ?? 0
  var b = ModelBuilder(name: "phi3", configuration: configuration, weightType: weightType)
  return try b.phi3Model(d, rope, window)
}
.holding(.ownHead())

extension ModelBuilder {
  fileprivate mutating func phi3Model(
    _ d: DecoderConfiguration, _ rope: RotaryPositions, _ window: Int
  ) throws -> ModelGraph {
    let inputs = decoderInputs()
    let embedding = try tokenEmbedding(d, inputs)
    let table = graph.append(.ropeTable(rope.embedding), inputs.positions, name: "rope")
    var h = embedding
    for layer in 0..<d.layers {
      let prefix = "model.layers.\(layer)"
      h = input(h, of: prefix)
      let n = try rmsNorm(h, "\(prefix).input_layernorm", eps: d.eps)
      let a = sum(h, try phi3Attention(n, table, d, window, layer, "\(prefix).self_attn"), "\(prefix).h")
      let m = try rmsNorm(a, "\(prefix).post_attention_layernorm", eps: d.eps)
      h = sum(a, try phi3MLP(m, d, "\(prefix).mlp"), prefix, isSite: true)
    }
    h = graph.append(.takeRows, h, inputs.logitRows, name: "last")
    h = try rmsNorm(h, "model.norm", eps: d.eps)
    let logits = try head(h, d, embedding)
    return languageModel(logits, context: rope.context)
  }

  private mutating func phi3Attention(
    _ x: ValueID, _ table: ValueID, _ d: DecoderConfiguration, _ window: Int, _ layer: Int, _ module: String
  ) throws -> ValueID {
    let (queries, keys) = (d.heads.queryChannels, d.heads.keyChannels)
    let x = input(x, of: module)
    let all = try linear(x, "\(module).qkv_proj", queries + 2 * keys, d.width, bias: false)
    let q = columns(all, from: 0, queries, "\(module).q_part")
    let k = columns(all, from: queries, keys, "\(module).k_part")
    let v = columns(all, from: queries + keys, keys, "\(module).v_part")
    let mixed = attention(
      rotated(q, table, d.heads, "\(module).q"), rotated(k, table, d.heads, "\(module).k"), v, d.heads,
      layer: layer, module, window: window)
    return try linear(mixed, "\(module).o_proj", d.width, queries, bias: false)
  }

  private mutating func phi3MLP(_ x: ValueID, _ d: DecoderConfiguration, _ module: String) throws -> ValueID {
    let x = input(x, of: module)
    let both = try linear(x, "\(module).gate_up_proj", 2 * d.inner, d.width, bias: false)
    let gate = columns(both, from: 0, d.inner, "\(module).gate")
    let up = columns(both, from: d.inner, d.inner, "\(module).up")
    let active = d.activation.append(
      to: &graph, gate, name: "\(module).activation_fn", site: "\(module).activation_fn")
    let product = graph.append(.binary(.mul), up, active, name: module)
    return try linear(product, "\(module).down_proj", d.width, d.inner, bias: false)
  }
}
