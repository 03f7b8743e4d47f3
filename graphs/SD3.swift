import ActFormats
import ActIR

/// Stable Diffusion 3 (arXiv 2403.03206): a transformer that denoises the patches of an image beside the rows of its text,
/// each in layers of their own with attention over both.
let sd3Transformer = Architecture("SD3Transformer2DModel") { configuration, weightType, size in
  let c = try SD3Configuration(configuration)
  var b = ModelBuilder(name: "sd3", configuration: configuration, weightType: weightType)
  b.otherNames = []
  try b.sd3(c, size)
  return ModelGraph(graph: b.graph, contextLength: configuration.wantedContext ?? 512)
}

extension ModelBuilder {
  fileprivate mutating func sd3(_ c: SD3Configuration, _ size: ImageSize) throws {
    let width = c.heads * c.headWidth
    let patches = try Patches(size, side: c.patch)
    let hidden = self.image("hidden_states", size, c.inputChannels, .sample)
    let context = rows("encoder_hidden_states", "T", c.textWidth, at: .prompt)
    let pooled = rows("pooled_projections", "B", c.pooledWidth, at: .prompt)
    let time = rows("timestep", "B", 1, .timestep)

    let places = try croppedPlaces("pos_embed.pos_embed", c.largestSide, width, patches)
    var image = try embeddedPatches(hidden, "pos_embed", patches, width, places)
    let embedding = try timeTextEmbedding(time, guidance: nil, pooled, "time_text_embed", width)
    var text = try linear(context, "context_embedder", width, c.textWidth, bias: true)
    for layer in 0..<c.layers {
      (text, image) = try sd3Block(text, image, embedding, c, layer)
    }
    let norm = try continuousNorm(image, embedding, "norm_out")
    let out = try linear(norm, "proj_out", c.patch * c.patch * c.outputChannels, width, bias: true)
    graph.addResult("sample", self.image(ofPatches: out, patches, "sample"))
  }

  private mutating func sd3Block(
    _ text: ValueID, _ image: ValueID, _ embedding: ValueID, _ c: SD3Configuration, _ layer: Int
  ) throws -> (text: ValueID, image: ValueID) {
    let prefix = "transformer_blocks.\(layer)"
    let (attention, isLast, isDual) = ("\(prefix).attn", layer == c.layers - 1, c.dualLayers.contains(layer))
    let width = c.heads * c.headWidth
    let n = try zeroNorm(image, embedding, "\(prefix).norm1", parts: isDual ? 3 : 2)
    let context = "\(prefix).norm1_context"
    let m = try isLast ? nil : zeroNorm(text, embedding, context, parts: 2)
    let added = try m?.rows ?? continuousNorm(text, embedding, context)

    let own = try attentionHeads(n.rows, .own, attention, heads: c.heads, norm: c.norm)
    let others = try attentionHeads(added, .added, attention, heads: c.heads, norm: c.norm)
    let joint = zip(others, own).map { graph.append(.joinRows, $0, $1, name: "\(graph[$1].name).joined") }
    let mixed = self.attention(joint[0], joint[1], joint[2], heads: c.heads, name: attention)
    let ofImage = graph.append(
      .partRows(graph.type(image).shape.dropLast()), mixed, name: "\(attention).image")
    let imageOut = try linear(ofImage, "\(attention).to_out.0", width, width, bias: true)
    var newImage = gated(image, n.parts[0].gate, imageOut, "\(prefix).h")
    if isDual {
      let rows = modulated(
        n.norm, shift: n.parts[2].shift, scale: n.parts[2].scale, "\(prefix).norm1:5", isSite: true)
      let second = "\(prefix).attn2"
      let heads = try attentionHeads(rows, .own, second, heads: c.heads, norm: c.norm)
      let mixed = self.attention(heads[0], heads[1], heads[2], heads: c.heads, name: second)
      let out = try linear(mixed, "\(second).to_out.0", width, width, bias: true)
      newImage = gated(newImage, n.parts[2].gate, out, "\(prefix).h2")
    }
    newImage = try modulatedFeedForward(
      newImage, n.parts[1], "\(prefix).norm2", "\(prefix).ff", "\(prefix):1")
    // Nothing reads the text after the last block.
    guard let m else { return (text, newImage) }
    let ofText = graph.append(.partRows([.symbol("T")]), mixed, name: "\(attention).text")
    let textOut = try linear(ofText, "\(attention).to_add_out", width, width, bias: true)
    let newText = try modulatedFeedForward(
      gated(text, m.parts[0].gate, textOut, "\(prefix).context"), m.parts[1], "\(prefix).norm2_context",
      "\(prefix).ff_context", "\(prefix):0")
    return (newText, newImage)
  }
}

private struct SD3Configuration {
  var inputChannels, outputChannels, patch, layers, heads, headWidth, textWidth, pooledWidth: Int
  /// The side of the table of places, in patches.
  var largestSide: Int
  /// The layers whose images attend to themselves once more.
  var dualLayers: Set<Int>
  var norm: QueryKeyNorm

  init(_ c: Configuration) throws {
    inputChannels = try c.size("in_channels", default: 16)
    outputChannels =
      try c.has("out_channels") ? c.size("out_channels") : (c.names("out_channels") ? inputChannels : 16)
    patch = try c.size("patch_size", default: 2)
    layers = try c.size("num_layers", default: 18)
    heads = try c.size("num_attention_heads", default: 18)
    headWidth = try c.size("attention_head_dim", default: 64)
    textWidth = try c.size("joint_attention_dim", default: 4096)
    pooledWidth = try c.size("pooled_projection_dim", default: 2048)
    largestSide = try c.size("pos_embed_max_size", default: 96)
    dualLayers = Set(try c.counts("dual_attention_layers") ?? [])
    norm = try QueryKeyNorm(c)
    let width = try c.size("caption_projection_dim", default: 1152)
    guard width == heads * headWidth else {
      throw c.failure("caption_projection_dim", "the width of the blocks, \(heads * headWidth)")
    }
    // The table of places is a tensor.
    c.disregard("sample_size")
  }
}
