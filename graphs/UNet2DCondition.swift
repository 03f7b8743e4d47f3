import ActFormats
import ActIR

/// UNet2DConditionModel of diffusers (Stable Diffusion, arXiv 2112.10752; SDXL, arXiv 2307.01952): from a noisy sample, its
/// time and a text to what its sampler asks for.
///
/// A text may have any length: no layer knows its positions.
let unet2DCondition = Architecture("UNet2DConditionModel") { configuration, weightType, size in
  let c = try UNetConfiguration(configuration)
  var b = ModelBuilder(name: "unet", configuration: configuration, weightType: weightType)
  try b.unet(c, size)
  return ModelGraph(graph: b.graph, contextLength: configuration.wantedContext ?? 4096)
}

extension ModelBuilder {
  fileprivate mutating func unet(_ c: UNetConfiguration, _ size: ImageSize) throws {
    let sample = image("sample", size, c.inputChannels, .sample)
    let time = rows("timestep", "B", 1, .timestep)
    let given = UNetGiven(c.text, &self)
    let text = try unetText(c.text, given)
    let whole = try unetEmbedding(c.embedding, time, given)
    let active = c.activation.append(to: &graph, whole, name: "emb.active", site: nil)
    let conditions = UNetConditions(bareTime: whole, time: active, text: text)

    var h = c.centresSample ? centred(sample) : sample
    h = try unetConv(h, "conv_in", c.down[0].channels, side: c.firstKernel)
    var skips: [ValueID?] = [h]
    for (index, block) in c.down.enumerated() {
      h = try downBlock(
        h, "down_blocks.\(index)", block, conditions, skips: &skips, downsamplerPadding: c.downsamplerPadding)
    }
    if let middle = c.middle { h = try middleBlock(h, middle, conditions) }
    // Else twice the size of an image is that of the skip that it meets.
    let halvings = c.down.count - 1
    let followsSkips = [size.width, size.height].contains { $0 % (1 << min(halvings, 30)) != 0 }
    for (index, block) in c.up.enumerated() {
      h = try upBlock(h, "up_blocks.\(index)", block, conditions, skips: &skips, followsSkips: followsSkips)
    }
    if let groups = c.groups {
      h = try groupNorm(h, "conv_norm_out", groups: groups, eps: c.eps)
      h = c.activation.append(to: &graph, h, name: "conv_act", site: "conv_act")
    }
    graph.addResult("sample", try unetConv(h, "conv_out", c.outputChannels, side: c.lastKernel))
  }

  private mutating func centred(_ sample: ValueID) -> ValueID {
    let one = graph.append(.constant(1), name: "one")
    return graph.append(.binary(.sub), scaled(sample, by: 2, "sample.doubled"), one, name: "sample.centred")
  }

  /// A convolution of windows around each pixel.
  private mutating func unetConv(_ x: ValueID, _ name: String, _ channels: Int, side: Int) throws -> ValueID {
    let windows = Windows(side: side, padding: (side - 1) / 2)
    try checkSize(of: x, for: windows, name)
    return try conv(x, name, channels, windows, bias: true)
  }

  // MARK: Time, classes, and what else concerns the whole sample

  private mutating func unetEmbedding(
    _ c: UNetEmbedding, _ time: ValueID, _ given: UNetGiven
  ) throws -> ValueID {
    var embedsLabels = false
    if case .time? = c.classes { embedsLabels = true }
    let condition = c.conditionWidth.map { rows("timestep_cond", "B", $0, .guidanceEmbedding, at: .prompt) }
    // Where it embeds class labels too, `time_proj` runs twice and has no site.
    let features = try timeFeatures(time, c, isSite: !embedsLabels)
    var whole = try timestepEmbedding(
      features, "time_embedding", width: c.width, c.activation, last: c.last, condition: condition)
    if let classes = c.classes {
      let labels = try classEmbedding(classes, c)
      whole =
        c.joinsClasses
        ? graph.append(.concat(axis: 1), whole, labels, name: "emb.joined") : sum(whole, labels, "emb.class")
    }
    if let added = c.added {
      whole = sum(whole, try addedEmbedding(added, c.width, given), "emb.added")
    }
    guard let activation = c.whole else { return whole }
    return activation.append(to: &graph, whole, name: "time_embed_act", site: "time_embed_act")
  }

  private mutating func timeFeatures(_ t: ValueID, _ c: UNetEmbedding, isSite: Bool) throws -> ValueID {
    switch c.time {
    case .positional(let timesteps): return sinusoids(t, timesteps, "time_proj", isSite: isSite)
    case .fourier(let width):
      return try fourierFeatures(
        t, "time_proj", width: width, startsWithCosines: c.startsWithCosines, isSite: isSite)
    }
  }

  private mutating func classEmbedding(_ classes: UNetEmbedding.Classes, _ c: UNetEmbedding) throws -> ValueID
  {
    let (labels, module) = ("class_labels", "class_embedding")
    switch classes {
    case .table(let count):
      return try embedding(module, count, c.width, input(labels, "B", .given, at: .prompt))
    case .time:
      let features = try timeFeatures(rows(labels, "B", 1, at: .prompt), c, isSite: false)
      return try timestepEmbedding(features, module, width: c.width, c.activation)
    case .identity: return output(input(rows(labels, "B", c.width, at: .prompt), of: module), of: module)
    case .layers(let width):
      return try timestepEmbedding(
        rows(labels, "B", width, at: .prompt), module, width: c.width, .function(.silu))
    case .layer(let width):
      return try linear(rows(labels, "B", width, at: .prompt), module, c.width, width, bias: true)
    }
  }

  private mutating func addedEmbedding(
    _ added: UNetEmbedding.Added, _ width: Int, _ given: UNetGiven
  ) throws -> ValueID {
    switch added {
    case .textAndTimes(let c): try textAndTimeEmbedding(c, width)
    case .text(_, let heads): try textEmbedding(given.text!, "add_embedding", heads: heads, width: width)
    case .textAndImage(let text):
      try textAndImageEmbedding(
        rows("text_embeds", "B", text, at: .prompt), given.image!, "add_embedding", width: width)
    case .image: try imageEmbedding(given.image!, "add_embedding", width: width)
    }
  }

  private mutating func textAndTimeEmbedding(
    _ c: UNetEmbedding.TextAndTimes, _ width: Int
  ) throws -> ValueID {
    let text = rows("text_embeds", "B", c.width, at: .prompt)
    let times = rows("time_ids", "B", c.count, at: .prompt)
    let entries = graph.type(times).shape[0]
    let apart = graph.append(
      .reshape([entries, .fixed(c.count), .fixed(1)]), times, name: "time_ids.apart")
    let waves = sinusoids(apart, c.timesteps, "add_time_proj")
    let rows = graph.append(
      .reshape([entries, .fixed(c.count * c.timesteps.width)]), waves, name: "time_ids.embedded")
    let joined = graph.append(.concat(axis: 1), text, rows, name: "add_embeds")
    return try timestepEmbedding(joined, "add_embedding", width: width, .function(.silu))
  }
}
