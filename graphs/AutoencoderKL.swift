import ActFormats
import ActIR

/// AutoencoderKL of diffusers (arXiv 2112.10752): residual networks from pictures to the mean and the variance of latents,
/// and back.
///
/// Its modules are the two networks, as `encode` and `decode` run them: `encoder` from a sample in [-1, 1], and `decoder`
/// to one. Scaling and shifting of latents belongs to neither.
let autoencoderKL = Architecture(
  "AutoencoderKL", modules: ["encoder", "decoder"],
  otherTensors: ["encoder": ["quant_conv."], "decoder": ["post_quant_conv."]]
) { configuration, weightType, module, size in
  let c = try AutoencoderKLConfiguration(configuration)
  var b = ModelBuilder(name: module, configuration: configuration, weightType: weightType)
  guard module == "decoder" else {
    try b.klEncoder(c, size)
    return ModelGraph(graph: b.graph, contextLength: 1)
  }
  try b.klDecoder(c, size)
  return ModelGraph(graph: b.graph, contextLength: 1, wires: [Wire("z", from: "latents", of: "encoder")])
}

extension ModelBuilder {
  fileprivate mutating func klEncoder(_ c: AutoencoderKLConfiguration, _ size: ImageSize) throws {
    let sample = image("sample", size, c.inputChannels)
    var h = try conv(input(sample, of: "encoder"), "encoder.conv_in", c.widths[0], .around, bias: true)
    for (level, width) in c.widths.enumerated() {
      let prefix = "encoder.down_blocks.\(level)"
      h = input(h, of: prefix)
      for layer in 0..<c.layers { h = try resnetBlock(h, "\(prefix).resnets.\(layer)", width, c.blocks) }
      if level < c.widths.count - 1 { h = try klDownsampler(h, "\(prefix).downsamplers.0", width) }
      h = output(h, of: prefix)
    }
    h = try klMiddle(h, "encoder.mid_block", c)
    h = output(try klHead(h, "encoder", 2 * c.latentChannels, c), of: "encoder")
    if c.hasQuantConv { h = try conv(h, "quant_conv", 2 * c.latentChannels, Windows(side: 1), bias: true) }

    let latents = graph.append(.slice(start: 0, count: c.latentChannels), h, name: "latents")
    let slice = Op.slice(start: c.latentChannels, count: c.latentChannels)
    let logarithm = graph.append(slice, h, name: "logvar.unbounded")
    let (low, high) = (graph.append(.constant(-30), name: "low"), graph.append(.constant(20), name: "high"))
    let raised = graph.append(.binary(.max), logarithm, low, name: "logvar.raised")
    let bounded = graph.append(.binary(.min), raised, high, name: "logvar")
    graph.addResult("latents", latents)
    graph.addResult("mean", graph.append(.reshape(graph.type(latents).shape), latents, name: "mean"))
    graph.addResult("logvar", bounded)
  }

  fileprivate mutating func klDecoder(_ c: AutoencoderKLConfiguration, _ size: ImageSize) throws {
    var h = image("z", size, c.latentChannels)
    if c.hasPostQuantConv {
      h = try conv(h, "post_quant_conv", c.latentChannels, Windows(side: 1), bias: true)
    }
    h = try conv(input(h, of: "decoder"), "decoder.conv_in", c.widths.last!, .around, bias: true)
    h = try klMiddle(h, "decoder.mid_block", c)
    for (level, width) in c.widths.reversed().enumerated() {
      let prefix = "decoder.up_blocks.\(level)"
      h = input(h, of: prefix)
      for layer in 0...c.layers { h = try resnetBlock(h, "\(prefix).resnets.\(layer)", width, c.blocks) }
      if level < c.widths.count - 1 { h = try klUpsampler(h, "\(prefix).upsamplers.0", width) }
      h = output(h, of: prefix)
    }
    h = output(try klHead(h, "decoder", c.outputChannels, c), of: "decoder")
    graph.addResult("sample", graph.append(.reshape(graph.type(h).shape), h, name: "sample"))
  }

  /// Half as many pixels to a side, the odd last one left out: the window of each reaches one past its right and below.
  private mutating func klDownsampler(_ x: ValueID, _ prefix: String, _ width: Int) throws -> ValueID {
    let shape = graph.type(x).shape
    guard shape[1...2].allSatisfy({ $0.fixed! >= 2 }) else {
      throw ModelPartError(
        description: "`\(prefix)` is given an image of one pixel to a side: give a larger --size")
    }
    let windows = Windows(kernel: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1])
    return output(
      try conv(input(x, of: prefix), "\(prefix).conv", width, windows, bias: true), of: prefix)
  }

  private mutating func klUpsampler(_ x: ValueID, _ prefix: String, _ width: Int) throws -> ValueID {
    let larger = try upsampled(input(x, of: prefix), to: nil, "\(prefix).larger")
    return output(try conv(larger, "\(prefix).conv", width, .around, bias: true), of: prefix)
  }

  private mutating func klMiddle(_ x: ValueID, _ prefix: String, _ c: AutoencoderKLConfiguration) throws
    -> ValueID
  {
    let width = c.widths.last!
    var h = try resnetBlock(input(x, of: prefix), "\(prefix).resnets.0", width, c.blocks)
    if c.attends { h = try pixelAttention(h, "\(prefix).attentions.0", heads: 1, headWidth: width, c.blocks) }
    return output(try resnetBlock(h, "\(prefix).resnets.1", width, c.blocks), of: prefix)
  }

  /// The norm, activation and convolution that a network ends with. The activation is SiLU, whatever the blocks have.
  private mutating func klHead(
    _ x: ValueID, _ prefix: String, _ channels: Int, _ c: AutoencoderKLConfiguration
  ) throws -> ValueID {
    let n = try groupNorm(x, "\(prefix).conv_norm_out", groups: c.blocks.groups, eps: c.blocks.eps)
    let name = "\(prefix).conv_act"
    let active = Activation.function(.silu).append(to: &graph, n, name: name, site: name)
    return try conv(active, "\(prefix).conv_out", channels, .around, bias: true)
  }
}

private struct AutoencoderKLConfiguration {
  /// The channels of each level, from the picture inwards.
  var widths: [Int]
  /// Residual blocks of a level of the encoder; the decoder has one more.
  var layers: Int
  var blocks: ResnetBlocks
  var inputChannels, outputChannels, latentChannels: Int
  var hasQuantConv, hasPostQuantConv, attends: Bool

  init(_ c: Configuration) throws {
    widths = try c.sizes("block_out_channels", default: [64])
    layers = try c.size("layers_per_block", default: 1)
    let groups = try c.size("norm_num_groups", default: 32)
    guard widths.allSatisfy({ $0.isMultiple(of: groups) }) else {
      throw c.failure("block_out_channels", "numbers that norm_num_groups \(groups) divides")
    }
    blocks = ResnetBlocks(groups: groups, eps: 1e-6, activation: try Activation(c, "act_fn", default: "silu"))
    inputChannels = try c.size("in_channels", default: 3)
    outputChannels = try c.size("out_channels", default: 3)
    latentChannels = try c.size("latent_channels", default: 4)
    hasQuantConv = try c.flag("use_quant_conv", default: true)
    hasPostQuantConv = try c.flag("use_post_quant_conv", default: true)
    attends = try c.flag("mid_block_add_attention", default: true)
    for (key, known) in [
      ("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D"),
    ] {
      let types = try c.strings(key) ?? [known]
      guard types.count == widths.count else {
        throw c.failure(key, "a type for each of the \(widths.count) block_out_channels")
      }
      if let other = types.first(where: { $0 != known }) {
        throw FileError.unsupported(
          c.path, key, "blocks of type `\(other)` are not supported", next: "known: \(known)")
      }
    }
    // What happens to latents between the networks, and how a framework runs large pictures.
    c.disregard(
      "scaling_factor", "shift_factor", "latents_mean", "latents_std", "force_upcast", "sample_size")
  }
}
