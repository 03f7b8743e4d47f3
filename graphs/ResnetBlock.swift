import ActFormats
import ActIR

/// What the residual blocks of an image network share.
struct ResnetBlocks {
  var groups: Int
  var eps: Float
  var activation: Activation
}

extension ModelBuilder {
  /// A residual block of diffusers' `ResnetBlock2D` without an embedding of time, as the site `prefix`: group norm,
  /// activation and convolution, twice, added to what it reads, which a 1×1 convolution brings to as many channels.
  ///
  /// `nonlinearity` is both activations, one module that runs twice, so that neither has a site.
  mutating func resnetBlock(_ x: ValueID, _ prefix: String, _ channels: Int, _ c: ResnetBlocks) throws
    -> ValueID
  {
    let x = input(x, of: prefix)
    var h = x
    for layer in 1...2 {
      h = try groupNorm(h, "\(prefix).norm\(layer)", groups: c.groups, eps: c.eps)
      h = c.activation.append(to: &graph, h, name: "\(prefix).active\(layer)", site: nil)
      h = try conv(h, "\(prefix).conv\(layer)", channels, .around, bias: true)
    }
    let isWidened = graph.type(x).shape.last != .fixed(channels)
    let residual =
      isWidened ? try conv(x, "\(prefix).conv_shortcut", channels, Windows(side: 1), bias: true) : x
    return sum(residual, h, prefix, isSite: true)
  }

  /// What a module gives that is what its last one gives, as the site `module`.
  mutating func output(_ x: ValueID, of module: String) -> ValueID {
    graph.append(.reshape(graph.type(x).shape), x, name: module, site: module)
  }
}

extension Windows {
  /// A pixel and those around it, which leaves an image its size.
  static let around = Windows(side: 3, padding: 1)
}
