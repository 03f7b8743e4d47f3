import ActFormats
import ActIR

/// DiT (arXiv 2212.09748): a transformer that denoises the patches of an image of a class.
let ditTransformer = Architecture("DiTTransformer2DModel") { configuration, weightType, size in
  let c = try DiTConfiguration(configuration)
  guard size.width / c.blocks.patch == size.height / c.blocks.patch else {
    throw ModelPartError(description: "`DiTTransformer2DModel` takes square samples: give another --size")
  }
  var b = ModelBuilder(name: "dit", configuration: configuration, weightType: weightType)
  b.otherNames = []
  try b.dit(c, size)
  return ModelGraph(graph: b.graph, contextLength: 1)
}

extension ModelBuilder {
  fileprivate mutating func dit(_ c: DiTConfiguration, _ size: ImageSize) throws {
    let width = c.blocks.width
    let patches = try Patches(size, side: c.blocks.patch)
    let hidden = image("hidden_states", size, c.blocks.inputChannels, .sample)
    let time = rows("timestep", "B", 1, .timestep)
    let label = input("class_labels", "B", .label, at: .prompt)

    let places = sinusoidalPlaces(
      patches, width, base: c.blocks.sampleSide / c.blocks.patch, scale: 1, "pos_embed.places")
    var x = try embeddedPatches(hidden, "pos_embed", patches, width, places)
    var condition: ValueID?
    for layer in 0..<c.blocks.layers {
      let prefix = "transformer_blocks.\(layer)"
      let embedding = try ditEmbedding(time, label, c, "\(prefix).norm1.emb")
      condition = condition ?? embedding
      let own = input(x, of: prefix)
      let n = try zeroNorm(own, embedding, "\(prefix).norm1", parts: 2)
      let mixed = try blockAttention(n.rows, n.rows, "\(prefix).attn1", c.blocks)
      let h = gated(own, n.parts[0].gate, mixed, "\(prefix).h")
      let m = modulated(
        try blockNorm(h, "\(prefix).norm3", c.blocks), shift: n.parts[1].shift, scale: n.parts[1].scale,
        "\(prefix).norm3.modulated")
      x = gated(
        h, n.parts[1].gate, try feedForward(m, "\(prefix).ff", c.blocks.feedForward), prefix, isSite: true)
    }
    guard let condition else {
      throw configuration.failure("num_layers", "at least one, whose embedding the output reads")
    }
    let active = graph.append(.unary(.silu), condition, name: "condition")
    let moves = try linear(active, "proj_out_1", 2 * width, width, bias: true)
    let parts = [0, 1].map { part in
      graph.append(.slice(start: part * width, count: width), moves, name: "proj_out_1.\(part)")
    }
    let norm = modulated(bareLayerNorm(x, "norm_out"), shift: parts[0], scale: parts[1], "norm_out.modulated")
    let out = try linear(
      norm, "proj_out_2", c.blocks.patch * c.blocks.patch * c.blocks.outputChannels, width, bias: true)
    graph.addResult("sample", image(ofPatches: out, patches, "sample"))
  }

  /// The embedding of time step and class, of each block its own.
  private mutating func ditEmbedding(
    _ time: ValueID, _ label: ValueID, _ c: DiTConfiguration, _ prefix: String
  ) throws -> ValueID {
    let embedding = try timeEmbedding(time, "\(prefix).timestep_embedder", c.blocks.width, offset: 1)
    let name = "\(prefix).class_embedder.embedding_table"
    // The last row stands for no class.
    let table = try matrix("\(name).weight", c.classes + 1, c.blocks.width)
    let ofClass = graph.append(.embedding, table, label, name: name, site: name)
    return sum(embedding, ofClass, prefix, isSite: true)
  }
}

private struct DiTConfiguration {
  var blocks: PatchTransformerConfiguration
  var classes: Int

  init(_ c: Configuration) throws {
    blocks = try PatchTransformerConfiguration(
      c, norm: "ada_norm_zero", sampleSide: 32, outputChannels: nil, eps: 1e-5)
    classes = try c.size("num_embeds_ada_norm", default: 1000)
    // Of the class that it was once.
    c.disregard("attention_type")
  }
}
