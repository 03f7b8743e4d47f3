import ActFormats
import ActIR

/// AutoencoderTiny of diffusers (TAESD): small convolutional networks from pictures to latents and back.
///
/// Its modules are the two networks, as `encode` and `decode` run them: `encoder` from x in [-1, 1], and `decoder` to a
/// sample in [-1, 1]. Scaling and the 8 bits that `forward` takes latents through belong to neither.
let autoencoderTiny = Architecture("AutoencoderTiny", modules: ["encoder", "decoder"]) {
  configuration, weightType, module, size in
  let c = try AutoencoderTinyConfiguration(configuration)
  var b = ModelBuilder(name: module, configuration: configuration, weightType: weightType)
  guard module == "decoder" else {
    try b.tinyEncoder(c, size)
    return ModelGraph(graph: b.graph, contextLength: 1)
  }
  try b.tinyDecoder(c, size)
  return ModelGraph(graph: b.graph, contextLength: 1, wires: [Wire("z", from: "latents", of: "encoder")])
}

extension ModelBuilder {
  fileprivate mutating func tinyEncoder(_ c: AutoencoderTinyConfiguration, _ size: ImageSize) throws {
    let x = image("x", size, c.inputChannels)
    let (one, two) = (graph.append(.constant(1), name: "one"), graph.append(.constant(2), name: "two"))
    let raised = graph.append(.binary(.add), x, one, name: "x.raised")
    var h = graph.append(.binary(.div), raised, two, name: "x.scaled")
    var layers = LayerNames("encoder")
    let width = c.encoder.channels
    for (level, blocks) in c.encoder.blocks.enumerated() {
      let windows = Windows(side: 3, stride: level == 0 ? 1 : 2, padding: 1)
      h = try conv(h, layers.next(), width, windows, bias: level == 0)
      for _ in 0..<blocks { h = try tinyBlock(h, layers.next(), width, c.activation) }
    }
    h = try conv(h, layers.next(), c.latentChannels, .around, bias: true)
    graph.addResult("latents", h)
  }

  fileprivate mutating func tinyDecoder(_ c: AutoencoderTinyConfiguration, _ size: ImageSize) throws {
    // At whole multiples of the size the first two take the same pixels.
    let known = ["nearest", "nearest-exact", "bilinear"]
    guard known.contains(c.upsamplingFunction) else {
      throw FileError.unsupported(
        configuration.path, "upsample_fn", "`\(c.upsamplingFunction)` is not supported",
        next: "known: \(known.joined(separator: ", "))")
    }
    let z = image("z", size, c.latentChannels)
    let three = graph.append(.constant(3), name: "three")
    let third = graph.append(.binary(.div), z, three, name: "z.third")
    let bounded = graph.append(.unary(.tanh), third, name: "z.bounded")
    var h = graph.append(.binary(.mul), bounded, three, name: "z.clamped")
    var layers = LayerNames("decoder")
    let width = c.decoder.channels
    h = try conv(h, layers.next(), width, .around, bias: true)
    let activation = layers.next()
    h = c.activation.append(to: &graph, h, name: activation, site: activation)
    for (level, blocks) in c.decoder.blocks.enumerated() {
      for _ in 0..<blocks { h = try tinyBlock(h, layers.next(), width, c.activation) }
      guard level < c.decoder.blocks.count - 1 else { break }
      let (own, name) = (graph.size(of: h), layers.next())
      let larger = (own.height * c.upsampling, own.width * c.upsampling)
      h = try upsampled(input(h, of: name), to: larger, name)
      if c.upsamplingFunction == "bilinear" { h = try smoothed(h, c.upsampling, name) }
      graph.setSite(h, name)
      h = try conv(h, layers.next(), width, .around, bias: false)
    }
    h = try conv(h, layers.next(), c.outputChannels, .around, bias: true)
    let (one, two) = (graph.append(.constant(1), name: "one"), graph.append(.constant(2), name: "two"))
    let doubled = graph.append(.binary(.mul), h, two, name: "sample.doubled")
    graph.addResult("sample", graph.append(.binary(.sub), doubled, one, name: "sample"))
  }

  /// An image enlarged by a whole factor to the nearest pixels, as it is where pixels between the centres of the original's
  /// are between these linearly: means over windows as wide as the factor, and where these have no middle pixel over two
  /// neighbours again.
  private mutating func smoothed(_ x: ValueID, _ factor: Int, _ name: String) throws -> ValueID {
    func means(_ x: ValueID, _ windows: Windows, _ name: String) -> ValueID {
      graph.append(.averagePool(AveragePool(windows: windows, counts: .image)), x, name: name)
    }
    let windows = Windows(side: factor, padding: factor / 2)
    let smooth = means(x, windows, "\(name).smooth")
    return factor % 2 == 1 ? smooth : means(smooth, Windows(side: 2), "\(name).centred")
  }

  /// Three convolutions, with an activation between two, added to what they read.
  ///
  /// `conv.1` is both activations, one module that runs twice, so that neither has a site.
  private mutating func tinyBlock(_ x: ValueID, _ prefix: String, _ width: Int, _ activation: Activation)
    throws
    -> ValueID
  {
    let x = input(x, of: prefix)
    var h = x
    for layer in [0, 2, 4] {
      h = try conv(h, "\(prefix).conv.\(layer)", width, .around, bias: true)
      if layer < 4 { h = activation.append(to: &graph, h, name: "\(prefix).conv.\(layer + 1)", site: nil) }
    }
    let sum = graph.append(.binary(.add), h, x, name: "\(prefix).sum")
    let active = Activation.relu.append(to: &graph, sum, name: prefix, site: nil)
    graph.setSite(active, prefix)
    return active
  }
}

/// The modules of a `layers` list, one after another.
private struct LayerNames {
  let prefix: String
  private var count = 0

  init(_ prefix: String) { self.prefix = prefix }

  mutating func next() -> String {
    defer { count += 1 }
    return "\(prefix).layers.\(count)"
  }
}

private struct AutoencoderTinyConfiguration {
  /// Levels of one resolution each: how many blocks they have, and how many channels all of them.
  struct Levels {
    var blocks: [Int]
    var channels: Int

    init(_ c: Configuration, _ side: String, blocks defaultBlocks: [Int]) throws {
      let (blocksKey, channelsKey) = ("num_\(side)_blocks", "\(side)_block_out_channels")
      blocks = try c.sizes(blocksKey, default: defaultBlocks)
      let channels = try c.sizes(channelsKey, default: defaultBlocks.map { _ in 64 })
      guard let first = channels.first, channels.allSatisfy({ $0 == first }), channels.count == blocks.count
      else { throw c.failure(channelsKey, "one number, once for each of the \(blocks.count) levels") }
      self.channels = first
    }
  }

  var encoder, decoder: Levels
  var inputChannels, outputChannels, latentChannels, upsampling: Int
  var activation: Activation
  /// The name of the decoder's.
  var upsamplingFunction: String

  init(_ c: Configuration) throws {
    encoder = try Levels(c, "encoder", blocks: [1, 3, 3, 3])
    decoder = try Levels(c, "decoder", blocks: [3, 3, 3, 1])
    inputChannels = try c.size("in_channels", default: 3)
    outputChannels = try c.size("out_channels", default: 3)
    latentChannels = try c.size("latent_channels", default: 4)
    upsampling = try c.size("upsampling_scaling_factor", default: 2)
    guard upsampling <= ImageSize.sides.upperBound else {
      throw c.failure("upsampling_scaling_factor", "an integer from 1 to \(ImageSize.sides.upperBound)")
    }
    activation = try Activation(c, "act_fn", default: "relu")
    upsamplingFunction = try c.string("upsample_fn", default: "nearest")
    // What happens to latents between the networks, and a sum of the channels above.
    c.disregard(
      "scaling_factor", "shift_factor", "latent_magnitude", "latent_shift", "force_upcast",
      "block_out_channels")
  }
}
