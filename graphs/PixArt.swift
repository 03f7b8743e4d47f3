import ActFormats
import ActIR

/// PixArt-α and -Σ (arXiv 2310.00426, 2403.04692): a transformer that denoises the patches of an image, which attend to
/// themselves and to a text, and whose blocks share one layer of modulation.
let pixArtTransformer = Architecture("PixArtTransformer2DModel") { configuration, weightType, size in
  let c = try PixArtConfiguration(configuration)
  var b = ModelBuilder(name: "pixart", configuration: configuration, weightType: weightType)
  b.otherNames = []
  try b.pixArt(c, size)
  return ModelGraph(graph: b.graph, contextLength: configuration.wantedContext ?? 512)
}

extension ModelBuilder {
  fileprivate mutating func pixArt(_ c: PixArtConfiguration, _ size: ImageSize) throws {
    let width = c.blocks.width
    let patches = try Patches(size, side: c.blocks.patch)
    let hidden = self.image("hidden_states", size, c.blocks.inputChannels, .sample)
    let context = rows("encoder_hidden_states", "T", c.captionWidth ?? c.textWidth, at: .prompt)
    let time = rows("timestep", "B", 1, .timestep)

    let places = sinusoidalPlaces(
      patches, width, base: c.blocks.sampleSide / c.blocks.patch, scale: c.interpolation, "pos_embed.places")
    var x = try embeddedPatches(hidden, "pos_embed", patches, width, places)
    let embedding = try pixArtEmbedding(time, c)
    let active = Activation.function(.silu).append(
      to: &graph, embedding, name: "adaln_single.silu", site: "adaln_single.silu")
    let shared = try linear(active, "adaln_single.linear", 6 * width, width, bias: true)
    let text =
      try c.captionWidth == nil
      ? context
      : timestepEmbedding(
        context, "caption_projection", width: width, .function(.geluTanh), named: "act_1")
    for layer in 0..<c.blocks.layers {
      x = try pixArtBlock(x, text, shared, c, "transformer_blocks.\(layer)")
    }
    let moves = try tableRows("scale_shift_table", 2, width).map {
      sum($0, embedding, "\(graph[$0].name).moved")
    }
    let norm = modulated(bareLayerNorm(x, "norm_out"), shift: moves[0], scale: moves[1], "norm_out.modulated")
    let out = try linear(
      norm, "proj_out", c.blocks.patch * c.blocks.patch * c.blocks.outputChannels, width, bias: true)
    graph.addResult("sample", image(ofPatches: out, patches, "sample"))
  }

  /// The embedding of the time step and, where the model takes them, of the picture's size and shape.
  private mutating func pixArtEmbedding(_ time: ValueID, _ c: PixArtConfiguration) throws -> ValueID {
    let (prefix, width) = ("adaln_single.emb", c.blocks.width)
    let embedding = try timeEmbedding(time, "\(prefix).timestep_embedder", width)
    guard c.takesConditions else { return embedding }
    let parts = try [("resolution", 2), ("aspect_ratio", 1)].map { name, count in
      let numbers = graph.append(
        .reshape([.symbol("B"), .fixed(count), .fixed(1)]), rows(name, "B", count, at: .prompt),
        name: "\(name).numbers")
      let embedded = try timeEmbedding(numbers, "\(prefix).\(name)_embedder", width / 3)
      return graph.append(
        .reshape([.symbol("B"), .fixed(count * (width / 3))]), embedded, name: "\(name).embedded")
    }
    let conditions = graph.append(.concat(axis: 1), parts, name: "\(prefix).conditions")
    return sum(embedding, conditions, prefix, isSite: true)
  }

  private mutating func pixArtBlock(
    _ x: ValueID, _ text: ValueID, _ shared: ValueID, _ c: PixArtConfiguration, _ prefix: String
  ) throws -> ValueID {
    let width = c.blocks.width
    let moves = try tableRows("\(prefix).scale_shift_table", 6, width).enumerated().map { place, row in
      let own = graph.append(
        .slice(start: place * width, count: width), shared, name: "adaln_single.linear.\(place)")
      return sum(row, own, "\(graph[row].name).moved")
    }
    let x = input(x, of: prefix)
    let n = modulated(
      try blockNorm(x, "\(prefix).norm1", c.blocks), shift: moves[0], scale: moves[1],
      "\(prefix).norm1.modulated")
    let own = try blockAttention(n, n, "\(prefix).attn1", c.blocks)
    var h = gated(x, moves[2], own, "\(prefix).h")
    h = sum(h, try blockAttention(h, text, "\(prefix).attn2", c.blocks), "\(prefix).h2")
    let m = modulated(
      try blockNorm(h, "\(prefix).norm2", c.blocks), shift: moves[3], scale: moves[4],
      "\(prefix).norm2.modulated")
    return gated(
      h, moves[5], try feedForward(m, "\(prefix).ff", c.blocks.feedForward), prefix, isSite: true)
  }

  /// The rows of a table `[N,D]`, each `f32[D]`.
  private mutating func tableRows(_ name: String, _ count: Int, _ width: Int) throws -> [ValueID] {
    let table = try widened(name, [count, width])
    return (0..<count).map { row in
      let slice = graph.append(
        .slice(Slice(start: row, count: 1, axis: 0)), table, name: "\(name).\(row).row")
      return graph.append(.reshape([.fixed(width)]), slice, name: "\(name).\(row)")
    }
  }
}

private struct PixArtConfiguration {
  var blocks: PatchTransformerConfiguration
  var textWidth: Int
  /// The channels of the text where a projection takes them to the width of the blocks.
  var captionWidth: Int?
  var takesConditions: Bool
  var interpolation: Int

  init(_ c: Configuration) throws {
    blocks = try PatchTransformerConfiguration(
      c, norm: "ada_norm_single", sampleSide: 128, outputChannels: 8, eps: 1e-6)
    guard !c.names("cross_attention_dim") || c.has("cross_attention_dim") else {
      throw FileError.unsupported(
        c.path, "cross_attention_dim", "a model that attends to no text is not supported",
        next: "known: a number of channels")
    }
    textWidth = try c.size("cross_attention_dim", default: 1152)
    captionWidth = try c.optionalSize("caption_channels")
    takesConditions = try c.flag("use_additional_conditions", default: blocks.sampleSide == 128)
    interpolation = try c.size("interpolation_scale", default: max(1, blocks.sampleSide / 64))
    guard captionWidth == nil || textWidth == blocks.width else {
      throw c.failure("cross_attention_dim", "\(blocks.width), the width of the projected caption")
    }
    guard !takesConditions || blocks.width % 3 == 0 else {
      throw c.failure("use_additional_conditions", "false, since the width \(blocks.width) has no thirds")
    }
    guard try c.string("attention_type", default: "default") == "default" else {
      throw FileError.unsupported(
        c.path, "attention_type", "gated attention is not supported", next: "known: default")
    }
  }
}
