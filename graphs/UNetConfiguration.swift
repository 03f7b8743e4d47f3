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
    /// Residual blocks, and attention of pixels to their image after each.
    case attention
    /// Residual blocks, and after each a transformer that attends to the text.
    case crossAttention
    /// Residual blocks, one more to resample images, and attention of pixels to the text and their image at once after
    /// each.
    case jointAttention
    /// Residual blocks whose norms time moves.
    case adaptive
    /// The same, with attention of pixels to the text after each.
    case adaptiveAttention

    /// Whether the blocks of a level join one image of the way down, and not one for each layer.
    var joinsOneSkip: Bool { self == .adaptive || self == .adaptiveAttention }
    /// Whether a residual block resamples images.
    var resamplesByResnet: Bool { self == .resnet || self == .jointAttention }
    var attendsToText: Bool {
      self == .crossAttention || self == .jointAttention || self == .adaptiveAttention
    }
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
  /// The channels of the block after it on the way up; on the way down its own.
  var next = 0
  /// How it norms the text that pixels attend to beside their image.
  var textNorm: UNetTextNorm?

  /// Attention of pixels to the text and their image.
  var jointAttention: UNetJointAttention {
    UNetJointAttention(
      heads: heads, attendsToTextAlone: attendsToTextAlone, textNorm: textNorm, groups: resnets.groups)
  }

  func transformer(_ layer: Int) -> UNetTransformer {
    UNetTransformer(
      depth: depths[layer], heads: heads, attendsToTextAlone: attendsToTextAlone,
      projectsRows: projectsRows, groups: resnets.groups)
  }
}

/// The block at the lowest resolution of a denoising UNet.
struct UNetMiddle {
  /// What stands between its residual blocks.
  enum Kind { case plain, crossAttention, jointAttention }

  var resnets: ResnetBlocks
  var transformer: UNetTransformer?
  var jointAttention: UNetJointAttention?
  /// Whether its residual blocks read the embedding of time through the activation.
  var activatesTime = true
}

/// The configuration of diffusers' `UNet2DConditionModel`.
struct UNetConfiguration {
  var down, up: [UNetBlock]
  var middle: UNetMiddle?
  var inputChannels, outputChannels, firstKernel, lastKernel, downsamplerPadding: Int
  /// Whether samples in [0, 1] are brought to [-1, 1] first.
  var centresSample: Bool
  var activation: Activation
  /// Of the last norm; nil where there is none.
  var groups: Int?
  var eps: Float
  var embedding: UNetEmbedding
  var text: UNetText

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
    let groups = try Self.groups(c, widths, kinds)
    self.groups = groups
    embedding = try UNetEmbedding(c, first: widths[0], activation)

    let resnets = try Self.resnets(c, groups: groups ?? 1, eps: eps, activation)
    let layers = try c.sizes("layers_per_block", each: widths.count, default: 2)
    let headWidths = try c.sizes("attention_head_dim", each: widths.count, default: 8)
    let heads =
      try c.has("num_attention_heads")
      ? c.sizes("num_attention_heads", each: widths.count, default: 8) : headWidths
    let depths = try UNetDepths(c, blocks: widths.count)
    let projectsRows = try c.flag("use_linear_projection", default: false)
    let textAlone = try c.flags("only_cross_attention", each: widths.count, default: false)
    let textNorm = try UNetTextNorm(c)

    down = try widths.indices.map { index in
      let depth = try depths.down(index, layers: layers[index], kinds.down[index])
      return UNetBlock(
        kind: kinds.down[index], channels: widths[index], layers: layers[index],
        resamples: index < widths.count - 1, resnets: resnets(kinds.down[index]), heads: heads[index],
        headWidth: headWidths[index], depths: depth, attendsToTextAlone: textAlone[index],
        projectsRows: projectsRows, next: widths[index], textNorm: textNorm)
    }
    up = try widths.indices.map { index in
      let level = widths.count - 1 - index
      let count = kinds.up[index].joinsOneSkip ? layers[level] : layers[level] + 1
      let depth = try depths.up(index, layers: count, kinds.up[index])
      // The published code does not reverse the widths of heads.
      return UNetBlock(
        kind: kinds.up[index], channels: widths[level], layers: count,
        resamples: index < widths.count - 1, resnets: resnets(kinds.up[index]), heads: heads[level],
        headWidth: headWidths[index], depths: depth, attendsToTextAlone: textAlone[level],
        projectsRows: projectsRows, next: widths[max(level - 1, 0)], textNorm: textNorm)
    }
    var middleResnets = resnets(.plain)
    middleResnets.divisor = Float(try c.number("mid_block_scale_factor", in: Self.divisors, default: 1))
    // The published code gives this to blocks that resample by residual blocks alone, as their divisor.
    let skips = try c.flag("resnet_skip_time_act", default: false)
    let last = widths.count - 1
    middle = try kinds.middle.map { kind in
      var middle = UNetMiddle(resnets: middleResnets)
      switch kind {
      case .plain: break
      case .crossAttention:
        middle.transformer = UNetTransformer(
          depth: depths.middle, heads: heads[last], attendsToTextAlone: false, projectsRows: projectsRows,
          groups: middleResnets.groups)
      case .jointAttention:
        // What blocks do, the middle one does where that is one flag.
        let isList = c.value("only_cross_attention")?.array != nil
        middle.activatesTime = !skips
        middle.jointAttention = UNetJointAttention(
          heads: try Self.heads(ofWidth: headWidths[last], widths[last], c),
          attendsToTextAlone: try c.flag(
            "mid_block_only_cross_attention", default: !isList && textAlone[last]),
          textNorm: textNorm, groups: middleResnets.groups)
      }
      return middle
    }
    for block in 0..<widths.count {
      down[block].activatesTime = !skips || !kinds.down[block].resamplesByResnet
      up[block].activatesTime = !skips || !kinds.up[block].resamplesByResnet
      try Self.setHeads(of: &down[block], c)
      try Self.setHeads(of: &up[block], c)
    }
    if let transformer = middle?.transformer, transformer.heads > widths[last] {
      throw c.failure("attention_head_dim", "no more heads than channels")
    }
    let attended = try Self.attendedWidth(c, down, up, middle)
    text = try UNetText(c, attended: attended, embedding.added)
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
    return { $0.resamplesByResnet ? resampling : common }
  }

  /// Where pixels attend to each other alone, the configuration says the width of heads, elsewhere how many there are.
  private static func setHeads(of block: inout UNetBlock, _ c: Configuration) throws {
    switch block.kind {
    case .plain, .resnet, .adaptive: return
    case .attention: block.heads = block.channels / block.headWidth
    case .jointAttention: block.heads = try heads(ofWidth: block.headWidth, block.channels, c)
    case .adaptiveAttention: block.heads = min(block.channels, block.next) / block.headWidth
    case .crossAttention: break
    }
    guard (1...block.channels).contains(block.heads) else {
      throw c.failure("attention_head_dim", "no more than the \(block.channels) channels of a block")
    }
  }

  /// How many heads of a width channels are.
  private static func heads(ofWidth width: Int, _ channels: Int, _ c: Configuration) throws -> Int {
    guard channels.isMultiple(of: width) else {
      throw c.failure("attention_head_dim", "a divisor of the \(channels) channels of a block")
    }
    return channels / width
  }

  /// The groups of most norms; nil where no block has such.
  private static func groups(_ c: Configuration, _ widths: [Int], _ kinds: UNetKinds) throws -> Int? {
    let key = "norm_num_groups"
    guard !c.names(key) || c.has(key) else {
      guard kinds.middle == nil, (kinds.down + kinds.up).allSatisfy(\.joinsOneSkip) else {
        throw c.failure(key, "an integer, which the norms of all blocks need")
      }
      return nil
    }
    let groups = try c.size(key, default: 32)
    guard widths.allSatisfy({ $0.isMultiple(of: groups) }) else {
      throw c.failure("block_out_channels", "numbers that \(key) \(groups) divides")
    }
    return groups
  }

  /// The width of the text that blocks attend to; nil where none does.
  private static func attendedWidth(
    _ c: Configuration, _ down: [UNetBlock], _ up: [UNetBlock], _ middle: UNetMiddle?
  ) throws -> Int? {
    let widths = try c.sizes("cross_attention_dim", each: down.count, default: 1280)
    var read = Set(zip(down, widths).filter { $0.0.kind.attendsToText }.map { $0.1 })
    read.formUnion(zip(up, widths.reversed()).filter { $0.0.kind.attendsToText }.map { $0.1 })
    if middle?.transformer != nil || middle?.jointAttention != nil { read.insert(widths[widths.count - 1]) }
    guard read.count <= 1 else {
      throw c.failure("cross_attention_dim", "one number for all blocks that attend to the text")
    }
    return read.first
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
    // The sizes of the training; precision; and what other blocks and embeddings than the configuration's read.
    c.disregard(
      "sample_size", "upcast_attention", "mid_block_only_cross_attention", "addition_embed_type_num_heads",
      "dropout")
  }
}
