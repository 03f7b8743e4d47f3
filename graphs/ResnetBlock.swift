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

extension ModelBuilder {
  /// A residual block of diffusers' `ResnetBlock2D`, as the site `prefix`: group norm, activation and convolution, twice,
  /// added to what it reads, which a 1×1 convolution brings to as many channels.
  ///
  /// `nonlinearity` is all activations, one module that runs several times, so that none of them has a site. Nor has the
  /// module that resamples, for the same reason. The embedding of time has gone through the activation already, once for
  /// all blocks. `x: f32[B,H,W,C], time: f32[B,E] -> f32[B,H',W',channels]`
  mutating func resnetBlock(
    _ x: ValueID, _ prefix: String, _ channels: Int, _ c: ResnetBlocks, time: ValueID? = nil,
    resampling: Resampling = .none
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
    guard c.scalesByTime else {
      let timed = sum(x, ofEntries(time, like: x), "\(name).timed")
      return try groupNorm(timed, name, groups: c.groups, eps: c.eps)
    }
    let channels = graph.type(x).shape[3].fixed!
    let n = try groupNorm(x, name, groups: c.groups, eps: c.eps)
    let scale = columns(time, from: 0, channels, "\(name).scale")
    let shift = columns(time, from: channels, channels, "\(name).shift")
    return modulated(n, shift: shift, scale: scale, "\(name).timed")
  }
}
