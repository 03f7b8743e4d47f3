import ActFormats
import ActIR

/// What the blocks of a denoising UNet read beside images.
struct UNetConditions {
  /// The embedding of time and of what is added to it, `f32[B,E]`, as it is and through the activation.
  var bareTime, time: ValueID
  /// The text, `f32[T,D]`, where a block attends to it.
  var text: ValueID?

  /// What residual blocks read.
  func time(activated: Bool) -> ValueID { activated ? time : bareTime }
}

extension ModelBuilder {
  /// A block on the way down; `skips` gets what each of its layers gives.
  mutating func downBlock(
    _ x: ValueID, _ prefix: String, _ c: UNetBlock, _ conditions: UNetConditions, skips: inout [ValueID?],
    downsamplerPadding: Int
  ) throws -> ValueID {
    var h = input(x, of: prefix)
    if c.kind.joinsOneSkip { return try adaptiveDownBlock(h, prefix, c, conditions, skips: &skips) }
    for layer in 0..<c.layers {
      h = try unetLayer(h, prefix, layer, c, conditions)
      skips.append(h)
    }
    guard c.resamples else { return h }
    let name = "\(prefix).downsamplers.0"
    switch c.kind {
    case .resnet, .jointAttention:
      h = try resnetBlock(
        h, name, c.channels, c.resnets, time: conditions.time(activated: c.activatesTime),
        resampling: .halved)
    case .plain, .attention, .crossAttention, .adaptive, .adaptiveAttention:
      let padding = downsamplerPadding
      let windows = Windows(
        kernel: [3, 3], stride: [2, 2],
        padding: padding == 0 ? [0, 0, 1, 1] : Array(repeating: padding, count: 4))
      try checkSize(of: h, for: windows, name)
      h = output(try conv(input(h, of: name), "\(name).conv", c.channels, windows, bias: true), of: name)
    }
    skips.append(h)
    return h
  }

  /// The block at the lowest resolution.
  mutating func middleBlock(_ x: ValueID, _ c: UNetMiddle, _ conditions: UNetConditions) throws -> ValueID {
    let prefix = "mid_block"
    let channels = graph.type(x).shape[3].fixed!
    let time = conditions.time(activated: c.activatesTime)
    var h = try resnetBlock(
      input(x, of: prefix), "\(prefix).resnets.0", channels, c.resnets, time: time)
    guard let text = conditions.text else { return output(h, of: prefix) }
    if let transformer = c.transformer {
      h = try self.transformer(h, text, "\(prefix).attentions.0", transformer)
    }
    if let attention = c.jointAttention {
      h = try jointAttention(h, text, "\(prefix).attentions.0", attention)
    }
    if c.transformer != nil || c.jointAttention != nil {
      h = try resnetBlock(h, "\(prefix).resnets.1", channels, c.resnets, time: time)
    }
    return output(h, of: prefix)
  }

  /// A block on the way up, each of whose layers reads one of `skips` too, the last first, and takes it away.
  ///
  /// `followsSkips` says that the upsampled image is as large as the next of the skips, which twice the size may miss.
  mutating func upBlock(
    _ x: ValueID, _ prefix: String, _ c: UNetBlock, _ conditions: UNetConditions, skips: inout [ValueID?],
    followsSkips: Bool
  ) throws -> ValueID {
    var h = input(x, of: prefix)
    if c.kind.joinsOneSkip { return try adaptiveUpBlock(h, prefix, c, conditions, skips: &skips) }
    for layer in 0..<c.layers {
      guard let skip = skips.popLast() ?? nil else { throw unmatchedBlocks() }
      let joined = try joined(h, skip, prefix, "\(prefix).joined.\(layer)")
      h = try unetLayer(joined, prefix, layer, c, conditions)
    }
    if c.resamples {
      let name = "\(prefix).upsamplers.0"
      switch c.kind {
      case .resnet, .jointAttention:
        h = try resnetBlock(
          h, name, c.channels, c.resnets, time: conditions.time(activated: c.activatesTime),
          resampling: .doubled)
      case .plain, .attention, .crossAttention, .adaptive, .adaptiveAttention:
        // The published code does not tell blocks of attention alone how large the next skip is.
        let skip = c.kind == .attention || !followsSkips ? nil : skips.last ?? nil
        let next = skip.map { graph.size(of: $0) }
        let larger = try upsampled(input(h, of: name), to: next, "\(name).larger")
        h = output(try conv(larger, "\(name).conv", c.channels, .around, bias: true), of: name)
      }
    }
    return output(h, of: prefix)
  }

  /// An image beside one of the way down.
  mutating func joined(_ h: ValueID, _ skip: ValueID, _ prefix: String, _ name: String) throws -> ValueID {
    let (own, other) = (graph.size(of: h), graph.size(of: skip))
    guard own == other else {
      throw ModelPartError(
        description:
          "`\(prefix)` joins images of \(own.width)x\(own.height) and \(other.width)x\(other.height): "
          + "give a --size that can be halved as often as the model does")
    }
    return graph.append(.concat(axis: 3), h, skip, name: name)
  }

  /// What to tell of blocks on the way up that read images which those on the way down do not give.
  func unmatchedBlocks() -> FileError {
    configuration.failure(
      "up_block_types", "blocks that read as many images as those of down_block_types give")
  }

  /// A residual block, and what attends after it.
  private mutating func unetLayer(
    _ x: ValueID, _ prefix: String, _ layer: Int, _ c: UNetBlock, _ conditions: UNetConditions
  ) throws -> ValueID {
    let h = try resnetBlock(
      x, "\(prefix).resnets.\(layer)", c.channels, c.resnets,
      time: conditions.time(activated: c.activatesTime))
    let name = "\(prefix).attentions.\(layer)"
    switch c.kind {
    case .plain, .resnet, .adaptive, .adaptiveAttention: return h
    case .attention: return try pixelAttention(h, name, heads: c.heads, headWidth: c.headWidth, c.resnets)
    case .crossAttention:
      guard let text = conditions.text else { preconditionFailure("the configuration has a text") }
      return try transformer(h, text, name, c.transformer(layer))
    case .jointAttention:
      guard let text = conditions.text else { preconditionFailure("the configuration has a text") }
      return try jointAttention(h, text, name, c.jointAttention)
    }
  }
}
