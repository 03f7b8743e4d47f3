import ActFormats
import ActIR

// What networks over images share: sizes, resampling, and layers and attention of pixels.

/// How a block changes the size of its image.
enum Resampling {
  case none, halved, doubled
}

extension ModelBuilder {
  /// Images of half or twice the size, as the site `name` where `isSite` says so.
  mutating func resampled(
    _ x: ValueID, _ resampling: Resampling, _ name: String, isSite: Bool = false
  ) throws -> ValueID {
    if resampling == .none { return x }
    let x = isSite ? input(x, of: name) : x
    let y: ValueID
    if resampling == .halved {
      let windows = Windows(side: 2, stride: 2)
      try checkSize(of: x, for: windows, name)
      y = graph.append(.averagePool(AveragePool(windows: windows)), x, name: name)
    } else {
      y = try upsampled(x, to: nil, name)
    }
    if isSite { graph.setSite(y, name) }
    return y
  }

  /// The nearest pixels of images twice as high and wide, or of `size`.
  mutating func upsampled(_ x: ValueID, to size: (height: Int, width: Int)?, _ name: String) throws -> ValueID
  {
    let own = graph.size(of: x)
    let (height, width) = size ?? (2 * own.height, 2 * own.width)
    guard max(height, width) <= ImageSize.sides.upperBound else {
      throw ModelPartError(
        description:
          "a sample of more than \(ImageSize.sides.upperBound) pixels a side: give a smaller --size")
    }
    return graph.append(.upsampleNearest(height: height, width: width), x, name: name)
  }

  /// Checks that windows fit into an image.
  func checkSize(of x: ValueID, for windows: Windows, _ name: String) throws(ModelPartError) {
    let own = graph.size(of: x)
    for (axis, size) in [own.height, own.width].enumerated() {
      guard size + windows.padding[axis] + windows.padding[axis + 2] >= windows.kernel[axis] else {
        throw ModelPartError(
          description: "`\(name)` is given an image of \(own.width)x\(own.height): give a larger --size")
      }
    }
  }

  /// A linear layer over channels whose matrix may be that of a convolution of one pixel, as the site `prefix`.
  mutating func pointwise(_ x: ValueID, _ prefix: String, _ rows: Int, bias: Bool = true) throws -> ValueID {
    let name = "\(prefix).weight"
    let columns = graph.type(x).shape.last!.fixed!
    let rank = weightType(stored(name))?.rank ?? 2
    guard rank > 2 else { return try linear(x, prefix, rows, columns, bias: bias) }
    let kernel = try weight(name, [rows, columns] + Array(repeating: 1, count: rank - 2))
    let matrix = graph.append(.reshape([.fixed(rows), .fixed(columns)]), kernel, name: name)
    var inputs = [input(x, of: prefix), matrix]
    if bias { inputs.append(try vector("\(prefix).bias", rows)) }
    return graph.append(.linear, inputs, name: prefix, site: prefix)
  }

  /// Attention of every pixel to all of its image after a group norm, added to what it reads: diffusers' `Attention` with
  /// a residual connection, as the site `prefix`.
  ///
  /// Old checkpoints call its layers otherwise, and may have them as 1×1 convolutions.
  mutating func pixelAttention(
    _ x: ValueID, _ prefix: String, heads: Int, headWidth: Int, _ c: ResnetBlocks
  ) throws -> ValueID {
    let shape = graph.type(x).shape
    let (pixels, channels) = (shape[1].fixed! * shape[2].fixed!, shape[3].fixed!)
    otherNames += [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")].map {
      ("\(prefix).\($0).", "\(prefix).\($1).")
    }
    let x = input(x, of: prefix)
    let n = try groupNorm(x, "\(prefix).group_norm", groups: c.groups, eps: c.eps)
    let shapeOfRows = [shape[0], .fixed(pixels), .fixed(channels)]
    let rows = graph.append(.reshape(shapeOfRows), n, name: "\(prefix).pixels")
    let q = try pointwise(rows, "\(prefix).to_q", heads * headWidth)
    let k = try pointwise(rows, "\(prefix).to_k", heads * headWidth)
    let v = try pointwise(rows, "\(prefix).to_v", heads * headWidth)
    let mixed = attention(q, k, v, heads: heads, name: "\(prefix).mixed")
    let o = try pointwise(mixed, "\(prefix).to_out.0", channels)
    // Added as rows, so that it is the last layer's epilogue.
    let residual = graph.append(.reshape(shapeOfRows), x, name: "\(prefix).residual")
    return graph.append(.reshape(shape), sum(residual, o, "\(prefix).sum"), name: prefix, site: prefix)
  }
}

extension Graph {
  /// Height and width of images, `[B,H,W,C]`.
  func size(of image: ValueID) -> (height: Int, width: Int) {
    let shape = type(image).shape
    return (shape[1].fixed!, shape[2].fixed!)
  }
}

extension Windows {
  /// A pixel and those around it, which leaves an image its size.
  static let around = Windows(side: 3, padding: 1)
}
