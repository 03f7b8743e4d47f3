import ActFormats
import ActIR

/// A consistency model (arXiv 2303.01469) with the UNet of guided diffusion (arXiv 2105.05233, appendix A), which takes an
/// image of any noise to the clean one in one step.
///
/// Its modules are called as in the published network: `input_blocks.1.0.in_layers.0`. Of the published switches it has
/// those of scale-shift norms, of blocks that resample (`resblock_updown`) and of heads so many channels wide.
/// `Scripts/convert-terrain-model.py` writes a checkpoint. What the network is told beside the noise, as how difficult a
/// terrain shall be, are numbers, one an entry.
let consistencyUNet = Architecture("ConsistencyUNet") { configuration, weightType in
  let c = try ConsistencyConfiguration(configuration)
  var b = ModelBuilder(name: "denoiser", configuration: configuration, weightType: weightType)
  try b.denoiser(c)
  return ModelGraph(graph: b.graph, contextLength: 1)
}

extension ModelBuilder {
  /// The network between two scalings, by the noise's deviation sigma: with d the deviation of clean images and s that at
  /// which an image counts as clean, `x d²/((σ − s)² + d²) + network(x/√(σ² + d²)) d(σ − s)/√(σ² + d²)`, within −1…1.
  fileprivate mutating func denoiser(_ c: ConsistencyConfiguration) throws {
    let noisy = image("noisy", ImageSize(width: c.side, height: c.side), c.inputChannels, .sample)
    let sigma = rows("sigma", "B", 1, .timestep)
    let conditions = c.conditions.map { rows($0, "B", 1, at: .prompt) }
    func constant(_ value: Double, _ name: String) -> ValueID {
      graph.append(.constant(Float(value)), name: name)
    }
    let squaredDeviation = constant(c.dataDeviation * c.dataDeviation, "data_variance")
    let above = graph.append(.binary(.sub), sigma, constant(c.leastSigma, "sigma_min"), name: "sigma.above")
    let aboveSquared = graph.append(.binary(.mul), above, above, name: "sigma.above.square")
    let skipWhole = graph.append(.binary(.add), aboveSquared, squaredDeviation, name: "skip.whole")
    let skip = graph.append(.binary(.div), squaredDeviation, skipWhole, name: "skip")
    let sigmaSquared = graph.append(.binary(.mul), sigma, sigma, name: "sigma.square")
    let variance = graph.append(.binary(.add), sigmaSquared, squaredDeviation, name: "noisy.variance")
    let deviation = graph.append(.unary(.sqrt), variance, name: "noisy.deviation")
    let share = graph.append(.binary(.div), above, deviation, name: "out.share")
    let outScale = scaled(share, by: c.dataDeviation, "out.scale")
    let x = graph.append(.binary(.div), noisy, ofEntries(deviation, like: noisy), name: "noisy.scaled")
    let found = try network(c, x, sigma, conditions)
    let kept = graph.append(.binary(.mul), noisy, ofEntries(skip, like: noisy), name: "noisy.kept")
    let moved = graph.append(.binary(.mul), found, ofEntries(outScale, like: found), name: "found.scaled")
    let whole = sum(moved, kept, "denoised.whole")
    let raised = graph.append(.binary(.max), whole, constant(-1, "least"), name: "denoised.raised")
    graph.addResult(
      "denoised", graph.append(.binary(.min), raised, constant(1, "most"), name: "denoised"))
  }

  private mutating func network(
    _ c: ConsistencyConfiguration, _ x: ValueID, _ sigma: ValueID, _ conditions: [ValueID]
  ) throws -> ValueID {
    let embedding = try embedding(c, sigma, conditions)
    var h = try conv(x, "input_blocks.0.0", c.width, .around, bias: true)
    var skips = [h]
    for (level, width) in c.widths.enumerated() {
      for _ in 0..<c.blocks {
        let block = "input_blocks.\(skips.count)"
        h = try consistencyBlock(h, "\(block).0", width, embedding)
        if c.attends(at: level) { h = try selfAttention(h, "\(block).1", c) }
        skips.append(h)
      }
      if level < c.widths.count - 1 {
        h = try consistencyBlock(h, "input_blocks.\(skips.count).0", width, embedding, .halved)
        skips.append(h)
      }
    }
    let deepest = c.widths[c.widths.count - 1]
    h = try consistencyBlock(h, "middle_block.0", deepest, embedding)
    h = try selfAttention(h, "middle_block.1", c)
    h = try consistencyBlock(h, "middle_block.2", deepest, embedding)
    var index = 0
    for (level, width) in c.widths.enumerated().reversed() {
      for place in 0...c.blocks {
        let block = "output_blocks.\(index)"
        h = graph.append(.concat(axis: 3), h, skips.removeLast(), name: "\(block).joined")
        h = try consistencyBlock(h, "\(block).0", width, embedding)
        if c.attends(at: level) { h = try selfAttention(h, "\(block).1", c) }
        if level > 0, place == c.blocks {
          h = try consistencyBlock(h, "\(block).\(c.attends(at: level) ? 2 : 1)", width, embedding, .doubled)
        }
        index += 1
      }
    }
    let n = try groupNorm(h, "out.0", groups: 32, eps: 1e-5)
    let active = Activation.function(.silu).append(to: &graph, n, name: "out.1", site: "out.1")
    return try conv(active, "out.2", c.outputChannels, .around, bias: true)
  }

  /// What the blocks are told: of the noise and of the conditions, `[B,4·W]`, after its activation function.
  private mutating func embedding(
    _ c: ConsistencyConfiguration, _ sigma: ValueID, _ conditions: [ValueID]
  ) throws -> ValueID {
    // 1000/4 ln σ, as the published scalings have it.
    let time = scaled(graph.append(.unary(.log), sigma, name: "sigma.log"), by: 250, "time")
    let waves = graph.append(
      .sinusoids(Sinusoids(width: c.width, base: 10_000)), time, name: "time.sinusoids")
    var whole = try consistencyMLP(waves, "time_embed", c)
    if !conditions.isEmpty {
      let joined =
        conditions.count == 1 ? conditions[0] : graph.append(.concat(axis: 1), conditions, name: "conditions")
      whole = sum(whole, try consistencyMLP(joined, "label_emb", c), "embedding")
    }
    return graph.append(.unary(.silu), whole, name: "embedding.active")
  }

  private mutating func consistencyMLP(
    _ x: ValueID, _ prefix: String, _ c: ConsistencyConfiguration
  ) throws -> ValueID {
    let width = graph.type(x).shape[1].fixed!
    let h = try linear(x, "\(prefix).0", 4 * c.width, width, bias: true)
    let active = Activation.function(.silu).append(to: &graph, h, name: "\(prefix).1", site: "\(prefix).1")
    let out = try linear(active, "\(prefix).2", 4 * c.width, 4 * c.width, bias: true)
    graph.setSite(out, prefix)
    return out
  }

  /// Two convolutions, of which the second's norm is scaled and shifted as the embedding says, added to what they read.
  private mutating func consistencyBlock(
    _ x: ValueID, _ prefix: String, _ width: Int, _ embedding: ValueID, _ resampling: Resampling = .none
  ) throws -> ValueID {
    let x = input(x, of: prefix)
    let n = try groupNorm(x, "\(prefix).in_layers.0", groups: 32, eps: 1e-5)
    let active = Activation.function(.silu).append(
      to: &graph, n, name: "\(prefix).in_layers.1", site: "\(prefix).in_layers.1")
    let read = try resampled(active, resampling, "\(prefix).h_upd", isSite: true)
    let h = try conv(read, "\(prefix).in_layers.2", width, .around, bias: true)
    let told = try linear(
      embedding, "\(prefix).emb_layers.1", 2 * width, graph.type(embedding).shape[1].fixed!, bias: true)
    let scale = columns(told, from: 0, width, "\(prefix).scale")
    let shift = columns(told, from: width, width, "\(prefix).shift")
    let m = try groupNorm(h, "\(prefix).out_layers.0", groups: 32, eps: 1e-5)
    let modulated = self.modulated(m, shift: shift, scale: scale, "\(prefix).modulated")
    let second = Activation.function(.silu).append(
      to: &graph, modulated, name: "\(prefix).out_layers.1", site: "\(prefix).out_layers.1")
    let out = try conv(second, "\(prefix).out_layers.3", width, .around, bias: true)
    var skip = try resampled(x, resampling, "\(prefix).x_upd", isSite: true)
    if graph.type(skip).shape[3].fixed != width {
      skip = try conv(skip, "\(prefix).skip_connection", width, Windows(side: 1), bias: true)
    }
    return sum(skip, out, prefix, isSite: true)
  }

  /// Attention of all pixels to all, added to what it reads.
  private mutating func selfAttention(_ x: ValueID, _ prefix: String, _ c: ConsistencyConfiguration) throws
    -> ValueID
  {
    let x = input(x, of: prefix)
    let shape = graph.type(x).shape
    let width = shape[3].fixed!
    let n = try groupNorm(x, "\(prefix).norm", groups: 32, eps: 1e-5)
    let qkv = try conv(n, "\(prefix).qkv", 3 * width, Windows(side: 1), bias: true)
    let rows: [Dim] = [shape[0], .fixed(shape[1].fixed! * shape[2].fixed!)]
    let pixels = graph.append(.reshape(rows + [.fixed(3 * width)]), qkv, name: "\(prefix).pixels")
    let parts = (0..<3).map {
      graph.append(.slice(start: $0 * width, count: width), pixels, name: "\(prefix).\(["q", "k", "v"][$0])")
    }
    let mixed = attention(
      parts[0], parts[1], parts[2], heads: width / c.headWidth, name: "\(prefix).attention")
    let back = graph.append(.reshape(shape), mixed, name: "\(prefix).mixed")
    let out = try conv(back, "\(prefix).proj_out", width, Windows(side: 1), bias: true)
    return sum(x, out, prefix, isSite: true)
  }
}

private struct ConsistencyConfiguration {
  var side, inputChannels, outputChannels, width, blocks, headWidth: Int
  /// Of each level, the first of whole images, each next of half their side.
  var widths: [Int]
  /// The factors by which images are smaller where their pixels attend to each other.
  var attending: [Int]
  /// The inputs that the network is told beside the noise.
  var conditions: [String]
  var dataDeviation, leastSigma: Double

  init(_ c: Configuration) throws {
    side = try c.size("image_size")
    inputChannels = try c.size("in_channels")
    outputChannels = try c.size("out_channels", default: inputChannels)
    width = try c.size("model_channels")
    blocks = try c.size("num_res_blocks")
    headWidth = try c.size("num_head_channels")
    attending = try c.sizes("attention_resolutions", default: [])
    conditions = try c.strings("conditions") ?? []
    dataDeviation = try c.number("sigma_data", in: SaneRange.epsilon.lowerBound...1e3, default: 0.5)
    leastSigma = try c.number("sigma_min", in: 0...1e3, default: 0.002)
    let width = width
    widths = try c.sizes("channel_mult", default: []).map { $0 * width }
    guard width.isMultiple(of: 32) else { throw c.failure("model_channels", "a multiple of 32") }
    guard !widths.isEmpty, widths.count < 16, side.isMultiple(of: 1 << (widths.count - 1)),
      side <= ImageSize.sides.upperBound
    else { throw c.failure("image_size", "a size that each level but the last halves") }
    let attended = widths.indices.filter { attends(at: $0) } + [widths.count - 1]
    guard attended.allSatisfy({ widths[$0].isMultiple(of: headWidth) }) else {
      throw c.failure("num_head_channels", "a divisor of the channels of levels with attention")
    }
    guard Set(conditions + ["noisy", "sigma"]).count == conditions.count + 2 else {
      throw c.failure("conditions", "names of inputs, each once")
    }
  }

  func attends(at level: Int) -> Bool { attending.contains(1 << level) }
}
