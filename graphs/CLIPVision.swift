import ActFormats
import ActIR

/// The image tower of CLIP (arXiv 2103.00020): a vision transformer over the patches of an image and a class token, whose
/// row is the image's, and a projection where there is one.
let clipVision = Architecture(
  "CLIPVisionModel", "CLIPVisionModelWithProjection"
) { configuration, weightType in
  let c = try CLIPVisionConfiguration(configuration)
  var b = ModelBuilder(name: "clip_vision", configuration: configuration, weightType: weightType)
  // With a projection the tower is a module of its own; tensors may be named either way.
  let isProjected = b.has("visual_projection.weight")
  b.otherNames = [("vision_model.", ""), ("", "vision_model.")]
  let (states, pooled) = try b.clipVision(c, isProjected ? "vision_model." : "")
  b.graph.addResult("last_hidden_state", states)
  if isProjected {
    let embedding = try b.linear(pooled, "visual_projection", c.projection, c.layers.width, bias: false)
    b.graph.addResult("image_embeds", embedding)
  } else {
    b.graph.addResult("pooler_output", pooled)
  }
  return ModelGraph(graph: b.graph, contextLength: 1)
}

extension ModelBuilder {
  /// The last hidden states of images, `f32[B,1+P,D]`, by modules whose names begin with `prefix`: the row of the class
  /// token, then those of the patches, line by line; and the first of them, normalised.
  mutating func clipVision(
    _ c: CLIPVisionConfiguration, _ prefix: String
  ) throws -> (states: ValueID, pooled: ValueID) {
    let pixels = image("pixel_values", ImageSize(width: c.imageSide, height: c.imageSide), c.channels)
    let h = try clipLayers(
      clipPatches(pixels, c, "\(prefix)embeddings", norm: "\(prefix)pre_layrnorm"), c.layers, visible: .all,
      prefix)
    let width = Dim.fixed(c.layers.width)
    let first = graph.append(.slice(Slice(start: 0, count: 1, axis: 1)), h, name: "\(prefix)first")
    let row = graph.append(.reshape([.symbol("B"), width]), first, name: "\(prefix)pooled")
    return (h, try layerNorm(row, "\(prefix)post_layernorm", eps: c.layers.eps))
  }

  private mutating func clipPatches(
    _ pixels: ValueID, _ c: CLIPVisionConfiguration, _ prefix: String, norm: String
  ) throws -> ValueID {
    let width = c.layers.width
    let patches = try conv(
      pixels, "\(prefix).patch_embedding", width, Windows(side: c.patchSide, stride: c.patchSide), bias: false
    )
    let count = c.patchesPerSide * c.patchesPerSide
    let rows = graph.append(
      .reshape([.symbol("B"), .fixed(count), .fixed(width)]), patches, name: "\(prefix).patches")
    let token = graph.append(
      .reshape([.fixed(1), .fixed(1), .fixed(width)]), try vector("\(prefix).class_embedding", width),
      name: "\(prefix).class_embedding")
    let joined = graph.append(.concat(axis: 1), token, rows, name: "\(prefix).rows")
    let places = try widened("\(prefix).position_embedding.weight", [1 + count, width])
    return try layerNorm(sum(joined, places, prefix, isSite: true), norm, eps: c.layers.eps)
  }
}

struct CLIPVisionConfiguration {
  var layers: CLIPLayers
  var imageSide, patchSide, channels, projection: Int

  /// How many patches fit into a line, and into a column; what is left at the ends of an image is not read.
  var patchesPerSide: Int { imageSide / patchSide }

  init(_ c: Configuration) throws {
    layers = try CLIPLayers(c, width: 768, inner: 3072, heads: 12)
    imageSide = try c.size("image_size", default: 224)
    patchSide = try c.size("patch_size", default: 32)
    channels = try c.size("num_channels", default: 3)
    projection = try c.size("projection_dim", default: 512)
    guard imageSide <= ImageSize.sides.upperBound else {
      throw c.failure("image_size", "an integer from 1 to \(ImageSize.sides.upperBound)")
    }
    guard patchSide <= imageSide else {
      throw c.failure("patch_size", "an integer from 1 to image_size \(imageSide)")
    }
  }
}
