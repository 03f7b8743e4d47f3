import ActFormats
import ActIR

// Blocks whose norms time moves: `KDownBlock2D` and its relatives in diffusers, as the latent upscaler of Stable Diffusion
// has them (after k-diffusion).

/// How many channels of these blocks are a group.
private let groupWidth = 32

extension ModelBuilder {
  /// A block on the way down; `skips` gets what each of its layers gives, or where it attends to the text at the lowest
  /// resolution nothing for each.
  mutating func adaptiveDownBlock(
    _ x: ValueID, _ prefix: String, _ c: UNetBlock, _ conditions: UNetConditions, skips: inout [ValueID?]
  ) throws -> ValueID {
    var h = x
    for layer in 0..<c.layers {
      h = try adaptiveLayer(
        h, prefix, layer, c, conditions, inner: c.channels, channels: c.channels,
        attendsToPixels: !c.resamples)
      skips.append(c.kind == .adaptiveAttention && !c.resamples ? nil : h)
    }
    guard c.resamples else { return h }
    let name = "\(prefix).downsamplers.0"
    h = try reflected(input(h, of: name), name)
    // Three means of two neighbours weigh four of them by 1, 3, 3 and 1.
    for (place, stride) in [1, 1, 2].enumerated() {
      h = try meanOfNeighbours(h, "\(name).\(place)", stride: stride)
    }
    return output(h, of: name)
  }

  /// A block on the way up, whose first layer reads one of `skips` too: the last of those of a block on the way down.
  mutating func adaptiveUpBlock(
    _ x: ValueID, _ prefix: String, _ c: UNetBlock, _ conditions: UNetConditions, skips: inout [ValueID?]
  ) throws -> ValueID {
    guard skips.count >= c.layers, let skip = skips.last else { throw unmatchedBlocks() }
    skips.removeLast(c.layers)
    var h = x
    if let skip { h = try joined(h, skip, prefix, "\(prefix).joined") }
    let embedded = graph.type(conditions.bareTime).shape[1].fixed!
    for layer in 0..<c.layers {
      let isLast = layer == c.layers - 1
      h = try adaptiveLayer(
        h, prefix, layer, c, conditions,
        inner: isLast && c.kind == .adaptive ? c.next : c.channels,
        channels: isLast ? c.next : c.channels,
        attendsToPixels: c.next == c.channels && c.channels == embedded)
    }
    guard c.resamples else { return output(h, of: prefix) }
    let name = "\(prefix).upsamplers.0"
    h = try upsampled(reflected(input(h, of: name), name), to: nil, "\(name).larger")
    for place in 0..<2 { h = try meanOfNeighbours(h, "\(name).\(place)") }
    let size = graph.size(of: h)
    h = rows(h, 1..<size.height - 1, axis: 1, "\(name).inner_lines")
    return output(output(rows(h, 1..<size.width - 1, axis: 2, "\(name).inner"), of: name), of: prefix)
  }

  /// A residual block of `inner` channels between its convolutions and `channels` after them, and what attends after it.
  private mutating func adaptiveLayer(
    _ x: ValueID, _ prefix: String, _ layer: Int, _ c: UNetBlock, _ conditions: UNetConditions, inner: Int,
    channels: Int, attendsToPixels: Bool
  ) throws -> ValueID {
    let (name, time) = ("\(prefix).resnets.\(layer)", conditions.bareTime)
    let residual = input(x, of: name)
    let own = graph.type(x).shape[3].fixed!
    var h = try adaptiveGroupNorm(
      residual, time, "\(name).norm1", groups: own / groupWidth, eps: c.resnets.eps)
    h = c.resnets.activation.append(to: &graph, h, name: "\(name).active1", site: nil)
    h = try conv(h, "\(name).conv1", inner, .around, bias: true)
    h = try adaptiveGroupNorm(
      h, time, "\(name).norm2", groups: c.channels / groupWidth, eps: c.resnets.eps)
    h = c.resnets.activation.append(to: &graph, h, name: "\(name).active2", site: nil)
    h = try conv(h, "\(name).conv2", channels, .around, bias: true)
    let straight =
      own == channels ? residual : try pointwise(residual, "\(name).conv_shortcut", channels, bias: false)
    h = sum(straight, h, name, isSite: true)
    guard c.kind == .adaptiveAttention else { return h }
    guard let text = conditions.text else { preconditionFailure("the configuration has a text") }
    return try adaptiveAttention(
      h, text, "\(prefix).attentions.\(layer)", time: time, headWidth: c.headWidth,
      attendsToPixels: attendsToPixels)
  }

  /// Diffusers' `KAttentionBlock`, as the site `prefix`: attention of pixels to their image where `attendsToPixels` says so,
  /// and to the text, each after a norm that time moves and added to what that reads.
  private mutating func adaptiveAttention(
    _ x: ValueID, _ text: ValueID, _ prefix: String, time: ValueID, headWidth: Int, attendsToPixels: Bool
  ) throws -> ValueID {
    let shape = graph.type(x).shape
    let channels = shape[3].fixed!
    let heads = channels / headWidth
    func attended(
      _ h: ValueID, _ place: Int, _ text: ValueID?, _ name: String, isSite: Bool, in b: inout ModelBuilder
    ) throws -> ValueID {
      let n = try b.adaptiveGroupNorm(
        h, time, "\(prefix).norm\(place)", groups: max(1, channels / groupWidth), eps: 1e-5)
      let pixels = [shape[0], .fixed(shape[1].fixed! * shape[2].fixed!), shape[3]]
      let rows = b.graph.append(.reshape(pixels), n, name: "\(prefix).pixels\(place)")
      let attention = "\(prefix).attn\(place)"
      let states = try text.map { try b.layerNorm($0, "\(attention).norm_cross", eps: 1e-5) }
      let mixed = try b.attentionLayer(
        rows, states, attention, heads: heads, inner: heads * headWidth, bias: true)
      let image = b.graph.append(.reshape(shape), mixed, name: "\(attention).image")
      return b.sum(image, h, name, isSite: isSite)
    }
    var h = input(x, of: prefix)
    if attendsToPixels { h = try attended(h, 1, nil, "\(prefix).attended", isSite: false, in: &self) }
    return try attended(h, 2, text, prefix, isSite: true, in: &self)
  }

  // MARK: Resampling

  /// Images with one more line and column on each side, those next to the outermost ones.
  private mutating func reflected(_ x: ValueID, _ name: String) throws -> ValueID {
    var h = x
    for (axis, size) in [graph.size(of: x).height, graph.size(of: x).width].enumerated() {
      guard size >= 2 else {
        throw ModelPartError(
          description: "`\(name)` is given an image of one pixel to a side: give a larger --size")
      }
      let first = rows(h, 1..<2, axis: axis + 1, "\(name).first\(axis)")
      let last = rows(h, size - 2..<size - 1, axis: axis + 1, "\(name).last\(axis)")
      h = graph.append(.concat(axis: axis + 1), [first, h, last], name: "\(name).reflected\(axis)")
    }
    return h
  }

  private mutating func rows(_ x: ValueID, _ range: Range<Int>, axis: Int, _ name: String) -> ValueID {
    graph.append(.slice(Slice(start: range.lowerBound, count: range.count, axis: axis)), x, name: name)
  }

  private mutating func meanOfNeighbours(_ x: ValueID, _ name: String, stride: Int = 1) throws -> ValueID {
    let windows = Windows(side: 2, stride: stride)
    try checkSize(of: x, for: windows, name)
    return graph.append(.averagePool(AveragePool(windows: windows)), x, name: name)
  }
}
