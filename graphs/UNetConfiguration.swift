import ActFormats
import ActIR

/// A block of a denoising UNet, on the way down or up.
struct UNetBlock {
  /// What its layers are made of.
  enum Kind {
    /// Residual blocks.
    case plain
    /// The same, with one more to resample images.
    case resnet
    /// Residual blocks, and attention of pixels to their image behind each.
    case attention
    /// Residual blocks, and behind each a transformer that attends to the text.
    case crossAttention
  }

  var kind: Kind
  var channels, layers: Int
  /// Whether images leave it in another size.
  var resamples: Bool
  var resnets: ResnetBlocks
  var heads, headWidth: Int
  /// How many blocks the transformer of each layer has.
  var depths: [Int]
  var attendsToTextAlone, projectsRows: Bool
  /// Whether its residual blocks read the embedding of time through the activation.
  var activatesTime = true

  func transformer(_ layer: Int) -> UNetTransformer {
    UNetTransformer(
      depth: depths[layer], heads: heads, attendsToTextAlone: attendsToTextAlone,
      projectsRows: projectsRows, groups: resnets.groups)
  }
}

/// The block at the lowest resolution of a denoising UNet.
struct UNetMiddle {
  var resnets: ResnetBlocks
  var transformer: UNetTransformer?
}

/// The configuration of diffusers' `UNet2DConditionModel`.
struct UNetConfiguration {
  var down, up: [UNetBlock]
  var middle: UNetMiddle?
  var inputChannels, outputChannels, firstKernel, lastKernel, downsamplerPadding: Int
  /// Whether samples in [0, 1] are brought to [-1, 1] first.
  var centresSample: Bool
  var activation: Activation
  var groups: Int
  var eps: Float
  var embedding: UNetEmbedding
  /// The width of the text that blocks attend to; nil where none does.
  var textWidth: Int?
  /// That of the text as it is given, where a layer brings it to `textWidth`.
  var givenTextWidth: Int?

  init(_ c: Configuration) throws {
    let widths = try c.sizes("block_out_channels", default: [320, 640, 1280, 1280])
    let kinds = try UNetKinds(c, blocks: widths.count)
    activation = try Activation(c, "act_fn", default: "silu")
    inputChannels = try c.size("in_channels", default: 4)
    outputChannels = try c.size("out_channels", default: 4)
    firstKernel = try Self.kernel(c, "conv_in_kernel")
    lastKernel = try Self.kernel(c, "conv_out_kernel")
    centresSample = try c.flag("center_input_sample", default: false)
    downsamplerPadding = try c.count("downsample_padding", default: 1)
    guard downsamplerPadding < 3 else { throw c.failure("downsample_padding", "an integer from 0 to 2") }
    eps = Float(try c.number("norm_eps", in: SaneRange.epsilon, default: 1e-5))
    guard !c.names("norm_num_groups") || c.has("norm_num_groups") else {
      throw c.failure("norm_num_groups", "an integer, which the norms of all blocks need")
    }
    let groups = try c.size("norm_num_groups", default: 32)
    self.groups = groups
    guard widths.allSatisfy({ $0.isMultiple(of: groups) }) else {
      throw c.failure("block_out_channels", "numbers that norm_num_groups \(groups) divides")
    }
    embedding = try UNetEmbedding(c, first: widths[0], activation)

    let resnets = try Self.resnets(c, groups: groups, eps: eps, activation)
    let layers = try c.sizes("layers_per_block", each: widths.count, default: 2)
    let headWidths = try c.sizes("attention_head_dim", each: widths.count, default: 8)
    let heads =
      try c.has("num_attention_heads")
      ? c.sizes("num_attention_heads", each: widths.count, default: 8) : headWidths
    let depths = try UNetDepths(c, blocks: widths.count)
    let projectsRows = try c.flag("use_linear_projection", default: false)
    let textAlone = try c.flags("only_cross_attention", each: widths.count, default: false)

    down = try widths.indices.map { index in
      let depth = try depths.down(index, layers: layers[index], kinds.down[index])
      return UNetBlock(
        kind: kinds.down[index], channels: widths[index], layers: layers[index],
        resamples: index < widths.count - 1, resnets: resnets(kinds.down[index]), heads: heads[index],
        headWidth: headWidths[index], depths: depth, attendsToTextAlone: textAlone[index],
        projectsRows: projectsRows)
    }
    up = try widths.indices.map { index in
      let level = widths.count - 1 - index
      let depth = try depths.up(index, layers: layers[level] + 1, kinds.up[index])
      // The published code does not reverse the widths of heads.
      return UNetBlock(
        kind: kinds.up[index], channels: widths[level], layers: layers[level] + 1,
        resamples: index < widths.count - 1, resnets: resnets(kinds.up[index]), heads: heads[level],
        headWidth: headWidths[index], depths: depth, attendsToTextAlone: textAlone[level],
        projectsRows: projectsRows)
    }
    var middleResnets = resnets(.plain)
    middleResnets.divisor = Float(try c.number("mid_block_scale_factor", in: Self.divisors, default: 1))
    middle = kinds.middle.map { attends in
      UNetMiddle(
        resnets: middleResnets,
        transformer: attends
          ? UNetTransformer(
            depth: depths.middle, heads: heads[widths.count - 1], attendsToTextAlone: false,
            projectsRows: projectsRows, groups: groups)
          : nil)
    }
    // The published code gives this to blocks that resample by residual blocks alone, as their divisor.
    let skips = try c.flag("resnet_skip_time_act", default: false)
    for block in 0..<widths.count {
      down[block].activatesTime = !skips || kinds.down[block] != .resnet
      up[block].activatesTime = !skips || kinds.up[block] != .resnet
      try Self.setHeads(of: &down[block], c)
      try Self.setHeads(of: &up[block], c)
    }
    if let transformer = middle?.transformer, transformer.heads > widths[widths.count - 1] {
      throw c.failure("attention_head_dim", "no more heads than channels")
    }
    try readText(c)
    try Self.refuse(c)
  }

  /// By what sums of residual blocks may be divided.
  private static let divisors = 1e-6...1e6

  private static func kernel(_ c: Configuration, _ key: String) throws -> Int {
    let size = try c.size(key, default: 3)
    guard size <= 255 else { throw c.failure(key, "an integer from 1 to 255") }
    return size
  }

  /// The residual blocks of each kind of block.
  private static func resnets(
    _ c: Configuration, groups: Int, eps: Float, _ activation: Activation
  ) throws -> (UNetBlock.Kind) -> ResnetBlocks {
    let key = "resnet_time_scale_shift"
    let form = try c.string(key, default: "default")
    guard ["default", "scale_shift"].contains(form) else {
      throw FileError.unsupported(
        c.path, key, "`\(form)` is not supported", next: "known: default, scale_shift")
    }
    let common = ResnetBlocks(
      groups: groups, eps: eps, activation: activation, scalesByTime: form == "scale_shift")
    // The published code gives this to blocks that resample by residual blocks alone.
    var resampling = common
    resampling.divisor = Float(try c.number("resnet_out_scale_factor", in: divisors, default: 1))
    return { $0 == .resnet ? resampling : common }
  }

  /// Where pixels attend to each other alone, the configuration says the width of heads, elsewhere how many there are.
  private static func setHeads(of block: inout UNetBlock, _ c: Configuration) throws {
    switch block.kind {
    case .plain, .resnet: return
    case .attention: block.heads = block.channels / block.headWidth
    case .crossAttention: break
    }
    guard (1...block.channels).contains(block.heads) else {
      throw c.failure("attention_head_dim", "no more than the \(block.channels) channels of a block")
    }
  }

  private mutating func readText(_ c: Configuration) throws {
    let widths = try c.sizes("cross_attention_dim", each: down.count, default: 1280)
    var read = Set(zip(down, widths).filter { $0.0.kind == .crossAttention }.map { $0.1 })
    read.formUnion(zip(up, widths.reversed()).filter { $0.0.kind == .crossAttention }.map { $0.1 })
    if middle?.transformer != nil { read.insert(widths[widths.count - 1]) }
    let given = try c.optionalSize("encoder_hid_dim")
    let key = "encoder_hid_dim_type"
    let type = try c.has(key) ? c.string(key, default: "") : given.map { _ in "text_proj" }
    if let type {
      guard type == "text_proj" else {
        throw FileError.unsupported(c.path, key, "`\(type)` is not supported", next: "known: text_proj")
      }
      guard given != nil else { throw c.failure("encoder_hid_dim", "an integer, as \(key) is \(type)") }
    }
    guard read.count <= 1 else {
      throw c.failure("cross_attention_dim", "one number for all blocks that attend to the text")
    }
    textWidth = read.first
    givenTextWidth = given
  }

  /// Refuses what the graph does not express, and counts as read what the published code ignores.
  private static func refuse(_ c: Configuration) throws {
    if try c.flag("dual_cross_attention", default: false) {
      throw FileError.unsupported(
        c.path, "dual_cross_attention", "two transformers, each for a part of the text, are not supported",
        next: "false is")
    }
    let key = "attention_type"
    let type = try c.string(key, default: "default")
    guard type == "default" else {
      throw FileError.unsupported(c.path, key, "`\(type)` is not supported", next: "known: default")
    }
    // The sizes of the training; precision; and what blocks read that are not supported.
    c.disregard(
      "sample_size", "upcast_attention", "mid_block_only_cross_attention", "cross_attention_norm",
      "addition_embed_type_num_heads", "dropout")
  }
}
