import ActFormats
import ActIR

/// What the residual blocks of an image network share.
struct ResnetBlocks {
  var groups: Int
  var eps: Float
  var activation: Activation
  /// By what the sum of a block is divided.
  var divisor: Float = 1
  /// Whether the embedding of time scales what the second norm gives, and shifts it; else it is added before that norm.
  var scalesByTime = false
}

/// How a residual block changes the size of its image, behind its first activation.
enum ResnetResampling {
  case none, halved, doubled
}

extension ModelBuilder {
  /// A residual block of diffusers' `ResnetBlock2D`, as the site `prefix`: group norm, activation and convolution, twice,
  /// added to what it reads, which a 1×1 convolution brings to as many channels.
  ///
  /// `nonlinearity` is all activations, one module that runs several times, so that none of them has a site. Nor has the
  /// module that resamples, for the same reason. The embedding of time has gone through the activation already, once for
  /// all blocks. `x: f32[B,H,W,C], time: f32[B,E] -> f32[B,H',W',channels]`
  mutating func resnetBlock(
    _ x: ValueID, _ prefix: String, _ channels: Int, _ c: ResnetBlocks, time: ValueID? = nil,
    resampling: ResnetResampling = .none
  ) throws -> ValueID {
    var residual = input(x, of: prefix)
    var h = try groupNorm(residual, "\(prefix).norm1", groups: c.groups, eps: c.eps)
    h = c.activation.append(to: &graph, h, name: "\(prefix).active1", site: nil)
    h = try resampled(h, resampling, "\(prefix).resampled")
    residual = try resampled(residual, resampling, "\(prefix).residual")
    h = try conv(h, "\(prefix).conv1", channels, .around, bias: true)
    if let time {
      let count = c.scalesByTime ? 2 * channels : channels
      let columns = graph.type(time).shape.last!.fixed!
      let projected = try linear(time, "\(prefix).time_emb_proj", count, columns, bias: true)
      h = try norm(h, "\(prefix).norm2", c, time: projected)
    } else {
      h = try groupNorm(h, "\(prefix).norm2", groups: c.groups, eps: c.eps)
    }
    h = c.activation.append(to: &graph, h, name: "\(prefix).active2", site: nil)
    h = try conv(h, "\(prefix).conv2", channels, .around, bias: true)
    if graph.type(residual).shape.last != .fixed(channels) {
      residual = try pointwise(residual, "\(prefix).conv_shortcut", channels)
    }
    guard c.divisor != 1 else { return sum(residual, h, prefix, isSite: true) }
    let divisor = graph.append(.constant(c.divisor), name: "\(prefix).divisor")
    return graph.append(.binary(.div), sum(residual, h, "\(prefix).sum"), divisor, name: prefix, site: prefix)
  }

  /// The second norm of a block with what time adds before it, or makes of it.
  private mutating func norm(
    _ x: ValueID, _ name: String, _ c: ResnetBlocks, time: ValueID
  ) throws -> ValueID {
    let shape = graph.type(x).shape
    // The same for all pixels of an image.
    let perEntry = [shape[0], .fixed(1), .fixed(1), shape[3]]
    func part(_ value: ValueID, _ part: String, in graph: inout Graph) -> ValueID {
      graph.append(.reshape(perEntry), value, name: "\(name).\(part)")
    }
    guard c.scalesByTime else {
      let timed = sum(x, part(time, "time", in: &graph), "\(name).timed")
      return try groupNorm(timed, name, groups: c.groups, eps: c.eps)
    }
    let channels = shape[3].fixed!
    let n = try groupNorm(x, name, groups: c.groups, eps: c.eps)
    let scale = part(columns(time, from: 0, channels, "\(name).scales"), "scale", in: &graph)
    let shift = part(columns(time, from: channels, channels, "\(name).shifts"), "shift", in: &graph)
    let one = graph.append(.constant(1), name: "\(name).one")
    return graph.append(.affine, n, sum(scale, one, "\(name).scale.raised"), shift, name: "\(name).timed")
  }

  private mutating func resampled(_ x: ValueID, _ resampling: ResnetResampling, _ name: String) throws
    -> ValueID
  {
    switch resampling {
    case .none: return x
    case .halved:
      let windows = Windows(side: 2, stride: 2)
      try checkSize(of: x, for: windows, name)
      return graph.append(.averagePool(AveragePool(windows: windows)), x, name: name)
    case .doubled: return try upsampled(x, to: nil, name)
    }
  }

  /// The nearest pixels of images twice as high and wide, or of `size`.
  mutating func upsampled(_ x: ValueID, to size: (height: Int, width: Int)?, _ name: String) throws -> ValueID
  {
    let own = graph.size(of: x)
    let (height, width) = size ?? (2 * own.height, 2 * own.width)
    guard max(height, width) <= ImageSize.sides.upperBound else {
      throw ModelPartError(
        description: "`\(name)` would have more than \(ImageSize.sides.upperBound) pixels a side: "
          + "give a smaller --size")
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

  /// What a module gives that is what its last one gives, as the site `module`.
  mutating func output(_ x: ValueID, of module: String) -> ValueID { graph.appendOutput(x, of: module) }

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
