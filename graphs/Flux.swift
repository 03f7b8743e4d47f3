import ActFormats
import ActIR

/// FLUX.1 (Black Forest Labs, 2024): a transformer that denoises the packed rows of an image beside those of its text,
/// first each in layers of their own with attention over both, then both in one.
let fluxTransformer = Architecture("FluxTransformer2DModel") { configuration, weightType in
  let c = try FluxConfiguration(configuration)
  var b = ModelBuilder(name: "flux", configuration: configuration, weightType: weightType)
  b.otherNames = []
  try b.flux(c)
  return ModelGraph(graph: b.graph, contextLength: configuration.wantedContext ?? 512)
}

extension ModelBuilder {
  fileprivate mutating func flux(_ c: FluxConfiguration) throws {
    let width = c.heads * c.headWidth
    let hidden = rows("hidden_states", "P", c.inputChannels, .sample)
    let context = rows("encoder_hidden_states", "T", c.textWidth, at: .prompt)
    let pooled = rows("pooled_projections", "B", c.pooledWidth, at: .prompt)
    let time = scaled(rows("timestep", "B", 1, .timestep), by: 1000, "timestep.scaled")
    let guidance =
      c.hasGuidance
      ? scaled(rows("guidance", "B", 1, .guidance, at: .prompt), by: 1000, "guidance.scaled") : nil
    let imageTable = rotaryTable(
      rows("img_ids", "P", c.axes.count, .place, at: .prompt), c.axes, base: 10_000)
    let textTable = rotaryTable(rows("txt_ids", "T", c.axes.count, .place, at: .prompt), c.axes, base: 10_000)
    let table = graph.append(.joinRows, textTable, imageTable, name: "rotary")

    var image = try linear(hidden, "x_embedder", width, c.inputChannels, bias: true)
    let embedding = try timeTextEmbedding(time, guidance: guidance, pooled, "time_text_embed", width)
    var text = try linear(context, "context_embedder", width, c.textWidth, bias: true)
    for layer in 0..<c.doubleBlocks {
      (text, image) = try fluxDoubleBlock(text, image, embedding, table, c, "transformer_blocks.\(layer)")
    }
    for layer in 0..<c.singleBlocks {
      (text, image) = try fluxSingleBlock(
        text, image, embedding, table, c, "single_transformer_blocks.\(layer)")
    }
    let norm = try continuousNorm(image, embedding, "norm_out")
    graph.addResult("sample", try linear(norm, "proj_out", c.outputWidth, width, bias: true))
  }

  private mutating func fluxDoubleBlock(
    _ text: ValueID, _ image: ValueID, _ embedding: ValueID, _ table: ValueID, _ c: FluxConfiguration,
    _ prefix: String
  ) throws -> (text: ValueID, image: ValueID) {
    let attention = "\(prefix).attn"
    let n = try zeroNorm(image, embedding, "\(prefix).norm1", parts: 2)
    let m = try zeroNorm(text, embedding, "\(prefix).norm1_context", parts: 2)
    let own = try attentionHeads(n.rows, .own, attention, heads: c.heads, norm: .rms)
    let added = try attentionHeads(m.rows, .added, attention, heads: c.heads, norm: .rms)
    let joint = zip(added, own).map { graph.append(.joinRows, $0, $1, name: "\(graph[$1].name).joined") }
    let mixed = self.attention(
      rotated(joint[0], table, c), rotated(joint[1], table, c), joint[2], heads: c.heads, name: attention)
    let ofImage = graph.append(.partRows([.symbol("P")]), mixed, name: "\(attention).image")
    let ofText = graph.append(.partRows([.symbol("T")]), mixed, name: "\(attention).text")
    let width = c.heads * c.headWidth
    let imageOut = try linear(ofImage, "\(attention).to_out.0", width, width, bias: true)
    let textOut = try linear(ofText, "\(attention).to_add_out", width, width, bias: true)
    let newImage = try modulatedFeedForward(
      gated(image, n.parts[0].gate, imageOut, "\(prefix).h"), n.parts[1], "\(prefix).norm2", "\(prefix).ff",
      "\(prefix):1")
    let newText = try modulatedFeedForward(
      gated(text, m.parts[0].gate, textOut, "\(prefix).context"), m.parts[1], "\(prefix).norm2_context",
      "\(prefix).ff_context", "\(prefix):0")
    return (newText, newImage)
  }

  private mutating func fluxSingleBlock(
    _ text: ValueID, _ image: ValueID, _ embedding: ValueID, _ table: ValueID, _ c: FluxConfiguration,
    _ prefix: String
  ) throws -> (text: ValueID, image: ValueID) {
    let width = c.heads * c.headWidth
    let inner = 4 * width
    let x = graph.append(.joinRows, text, image, name: "\(prefix).rows")
    let n = try zeroNorm(x, embedding, "\(prefix).norm", parts: 1)
    let raised = try linear(n.rows, "\(prefix).proj_mlp", inner, width, bias: true)
    let active = Activation.function(.geluTanh).append(
      to: &graph, raised, name: "\(prefix).act_mlp", site: "\(prefix).act_mlp")
    let heads = try attentionHeads(
      input(n.rows, of: "\(prefix).attn"), .own, "\(prefix).attn", heads: c.heads, norm: .rms)
    let mixed = attention(
      rotated(heads[0], table, c), rotated(heads[1], table, c), heads[2], heads: c.heads,
      name: "\(prefix).attn")
    graph.setSite(mixed, "\(prefix).attn")
    let joined = graph.append(.concat(axis: 1), mixed, active, name: "\(prefix).joined")
    let out = try linear(joined, "\(prefix).proj_out", width, width + inner, bias: true)
    let y = gated(x, n.parts[0].gate, out, "\(prefix).sum")
    func part(_ symbol: String, _ place: Int) -> ValueID {
      graph.append(.partRows([.symbol(symbol)]), y, name: "\(prefix).\(symbol)", site: "\(prefix):\(place)")
    }
    return (part("T", 0), part("P", 1))
  }

  private mutating func rotated(_ x: ValueID, _ table: ValueID, _ c: FluxConfiguration) -> ValueID {
    graph.append(
      .rope(headWidth: c.headWidth, pairs: .interleaved), x, table, name: "\(graph[x].name).rotated")
  }
}

private struct FluxConfiguration {
  var inputChannels, outputWidth, doubleBlocks, singleBlocks, heads, headWidth, textWidth, pooledWidth: Int
  var hasGuidance: Bool
  /// The channels of a head that each axis of a row's position turns.
  var axes: [Int]

  init(_ c: Configuration) throws {
    inputChannels = try c.size("in_channels", default: 64)
    let patch = try c.size("patch_size", default: 1)
    outputWidth = try patch * patch * (c.optionalSize("out_channels") ?? inputChannels)
    doubleBlocks = try c.count("num_layers", default: 19)
    singleBlocks = try c.count("num_single_layers", default: 38)
    heads = try c.size("num_attention_heads", default: 24)
    headWidth = try c.size("attention_head_dim", default: 128)
    textWidth = try c.size("joint_attention_dim", default: 4096)
    pooledWidth = try c.size("pooled_projection_dim", default: 768)
    hasGuidance = try c.flag("guidance_embeds", default: false)
    axes = try c.sizes("axes_dims_rope", default: [16, 56, 56])
    guard axes.allSatisfy({ $0 % 2 == 0 }), axes.reduce(0, +) == headWidth else {
      throw c.failure("axes_dims_rope", "even numbers whose sum is attention_head_dim \(headWidth)")
    }
  }
}
