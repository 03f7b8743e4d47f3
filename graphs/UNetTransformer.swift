import ActFormats
import ActIR

/// The transformer of a block of a denoising UNet.
struct UNetTransformer {
  /// How many blocks of attention and feed-forward layers it has.
  var depth: Int
  var heads: Int
  /// Whether the first attention of a block is to the text too, and not to the image itself.
  var attendsToTextAlone: Bool
  /// Whether its projections are linear layers over pixels in a row, and not convolutions of one pixel.
  var projectsRows: Bool
  var groups: Int
}

extension ModelBuilder {
  /// Diffusers' `Transformer2DModel` over the pixels of images, as the site `prefix`: a group norm, a projection, blocks,
  /// and a projection back, added to what it reads. `x: f32[B,H,W,C], text: f32[T,D] -> f32[B,H,W,C]`
  mutating func transformer(_ x: ValueID, _ text: ValueID, _ prefix: String, _ c: UNetTransformer) throws
    -> ValueID
  {
    let x = input(x, of: prefix)
    let shape = graph.type(x).shape
    let channels = shape[3].fixed!
    let width = channels / c.heads * c.heads
    let n = try groupNorm(x, "\(prefix).norm", groups: c.groups, eps: 1e-6)
    func rows(_ image: ValueID, in graph: inout Graph) -> ValueID {
      let shape = graph.type(image).shape
      let pixels = Dim.fixed(shape[1].fixed! * shape[2].fixed!)
      return graph.append(.reshape([shape[0], pixels, shape[3]]), image, name: "\(graph[image].name).pixels")
    }
    func image(_ rows: ValueID, in graph: inout Graph) -> ValueID {
      let channels = graph.type(rows).shape.suffix(1)
      return graph.append(.reshape(shape.dropLast() + channels), rows, name: "\(graph[rows].name).image")
    }
    var h =
      try c.projectsRows
      ? pointwise(rows(n, in: &graph), "\(prefix).proj_in", width)
      : rows(pointwise(n, "\(prefix).proj_in", width), in: &graph)
    for block in 0..<c.depth {
      h = try transformerBlock(h, text, "\(prefix).transformer_blocks.\(block)", c)
    }
    let o =
      try c.projectsRows
      ? image(pointwise(h, "\(prefix).proj_out", channels), in: &graph)
      : pointwise(image(h, in: &graph), "\(prefix).proj_out", channels)
    return sum(o, x, prefix, isSite: true)
  }

  /// Diffusers' `BasicTransformerBlock`: two attentions and a feed-forward layer, each after a norm and added to what the
  /// norm reads.
  private mutating func transformerBlock(
    _ x: ValueID, _ text: ValueID, _ prefix: String, _ c: UNetTransformer
  ) throws -> ValueID {
    let x = input(x, of: prefix)
    let n1 = try layerNorm(x, "\(prefix).norm1", eps: 1e-5)
    let own = try attentionLayer(
      n1, c.attendsToTextAlone ? text : nil, "\(prefix).attn1", heads: c.heads)
    let h = sum(own, x, "\(prefix).attended")
    let n2 = try layerNorm(h, "\(prefix).norm2", eps: 1e-5)
    let other = try attentionLayer(n2, text, "\(prefix).attn2", heads: c.heads)
    let g = sum(other, h, "\(prefix).informed")
    let n3 = try layerNorm(g, "\(prefix).norm3", eps: 1e-5)
    return sum(try feedForward(n3, "\(prefix).ff", .geglu), g, prefix, isSite: true)
  }

  /// Diffusers' `Attention` of the rows of images, `f32[B,P,D]`, to each other or to those of `text`, as the site `prefix`.
  mutating func attentionLayer(
    _ x: ValueID, _ text: ValueID?, _ prefix: String, heads: Int, inner: Int? = nil, bias: Bool = false
  ) throws -> ValueID {
    let x = input(x, of: prefix)
    let own = graph.type(x).shape.last!.fixed!
    let width = inner ?? own
    let source = text ?? x
    let columns = graph.type(source).shape.last!.fixed!
    let q = try linear(x, "\(prefix).to_q", width, own, bias: bias)
    let k = try linear(source, "\(prefix).to_k", width, columns, bias: bias)
    let v = try linear(source, "\(prefix).to_v", width, columns, bias: bias)
    let mixed = attention(q, k, v, heads: heads, name: "\(prefix).mixed")
    return output(try linear(mixed, "\(prefix).to_out.0", own, width, bias: true), of: prefix)
  }
}
