import ActFormats
import ActIR

/// Z-Image (arXiv 2511.22699): a transformer that denoises the patches of an image and the rows of its text, first each in
/// layers of their own, then both as one sequence.
///
/// The published code fills text and image up to multiples of 32 rows, which everything attends to: the text's go on with
/// its places, the image's stand at the origin.
let zImageTransformer = Architecture(
  "ZImageTransformer2DModel", otherHeads: ["all_x_embedder.", "all_final_layer."]
) { configuration, weightType, size in
  let c = try ZImageConfiguration(configuration)
  var b = ModelBuilder(name: "z_image", configuration: configuration, weightType: weightType)
  b.otherNames = []
  try b.zImage(c, size)
  let context = min(configuration.wantedContext ?? 512, c.mostTextRows)
  return ModelGraph(graph: b.graph, contextLength: InputRole.filled(context))
}

extension ModelBuilder {
  fileprivate mutating func zImage(_ c: ZImageConfiguration, _ size: ImageSize) throws {
    let patches = try Patches(size, side: c.patch)
    guard size.height.isMultiple(of: c.patch), size.width.isMultiple(of: c.patch) else {
      throw ModelPartError(
        description: "a sample of \(size) is not whole patches of \(c.patch)x\(c.patch): give another --size")
    }
    guard patches.height <= c.lengths[1], patches.width <= c.lengths[2] else {
      throw ModelPartError(
        description: "a sample of more than \(c.lengths[1]) lines or \(c.lengths[2]) columns of patches "
          + "has no places: give a smaller --size")
    }
    let hidden = image("hidden_states", size, c.channels, .sample)
    let context = rows("encoder_hidden_states", "T", c.textWidth, at: .prompt)
    let time = scaled(rows("timestep", "B", 1, .timestep), by: c.timeScale, "timestep.scaled")
    let filling = rows("text_filling", "T", 1, .filling, at: .prompt)
    let length = rows("text_length", "B", 1, .textLength, at: .prompt)

    let embedding = try zImageTime(time, c.conditionWidth)
    let textTable = zImageTextTable(c)
    let imageTable = zImageTable(patches, length, c)
    var image = try zImagePatches(hidden, patches, c)
    for layer in 0..<c.refiners {
      image = try zImageBlock(image, embedding, imageTable, c, "noise_refiner.\(layer)")
    }
    var text = try zImageText(context, filling, c)
    for layer in 0..<c.refiners {
      text = try zImageBlock(text, nil, textTable, c, "context_refiner.\(layer)")
    }
    let rowsOfImage = Array(graph.type(image).shape.dropLast())
    let table = graph.append(.joinRows, textTable, imageTable, name: "rotary")
    var x = graph.append(.joinRows, text, image, name: "unified")
    for layer in 0..<c.layers { x = try zImageBlock(x, embedding, table, c, "layers.\(layer)") }
    let part = graph.append(.partRows(rowsOfImage), x, name: "unified.image")
    let own = graph.append(
      .slice(Slice(start: 0, count: patches.count, axis: 1)), part, name: "unified.patches")
    let out = try zImageFinal(own, embedding, c)
    graph.addResult("sample", self.image(ofPatches: out, patches, "sample"))
  }

  // MARK: What the blocks read

  /// The embedding of the time, `f32[B,E]`.
  private mutating func zImageTime(_ time: ValueID, _ width: Int) throws -> ValueID {
    let prefix = "t_embedder.mlp"
    let waves = graph.append(
      .sinusoids(Sinusoids(width: 256, base: 10_000)), input(time, of: "t_embedder"), name: "t_embedder.waves"
    )
    let x = input(waves, of: prefix)
    let first = try linear(x, "\(prefix).0", 1024, 256, bias: true)
    let active = Activation.function(.silu).append(
      to: &graph, first, name: "\(prefix).1", site: "\(prefix).1")
    return output(
      output(try linear(active, "\(prefix).2", width, 1024, bias: true), of: prefix), of: "t_embedder")
  }

  /// The rows of the text, those that fill it up replaced by a learned one.
  private mutating func zImageText(
    _ text: ValueID, _ filling: ValueID, _ c: ZImageConfiguration
  ) throws -> ValueID {
    let prefix = "cap_embedder"
    let norm = try rmsNorm(input(text, of: prefix), "\(prefix).0", eps: c.eps)
    let embedded = output(
      try linear(norm, "\(prefix).1", c.width, c.textWidth, bias: true), of: prefix)
    let token = graph.append(
      .reshape([.fixed(c.width)]), try widened("cap_pad_token", [1, c.width]), name: "cap_pad_token.row")
    let zero = graph.append(.constant(0), name: "zero")
    let isFilling = graph.append(.binary(.gt), filling, zero, name: "text_filling.holds")
    return graph.append(.select, isFilling, token, embedded, name: "text")
  }

  /// The patches of the image as rows, and after them the learned one that fills them up.
  private mutating func zImagePatches(
    _ image: ValueID, _ patches: Patches, _ c: ZImageConfiguration
  ) throws -> ValueID {
    let name = "all_x_embedder.\(c.patch)-1"
    let windows = Windows(side: c.patch, stride: c.patch)
    let matrix = try matrix("\(name).weight", c.width, windows.pixelCount * c.channels)
    let bias = try vector("\(name).bias", c.width)
    let embedded = graph.append(.conv(windows), [image, matrix, bias], name: "\(name).windows")
    let rows = graph.append(
      .reshape([.symbol("B"), .fixed(patches.count), .fixed(c.width)]), embedded, name: name, site: name)
    let token = try widened("x_pad_token", [1, c.width])
    let count = InputRole.filled(patches.count) - patches.count
    guard count > 0 else { return rows }
    let fill = graph.append(
      .reshape([.fixed(1), .fixed(1), .fixed(c.width)]), token, name: "x_pad_token.row")
    return graph.append(.concat(axis: 1), [rows] + Array(repeating: fill, count: count), name: "image")
  }

  // MARK: Blocks

  /// Attention and a gated feed-forward layer, each between two norms; without a time nothing moves them.
  private mutating func zImageBlock(
    _ x: ValueID, _ time: ValueID?, _ table: ValueID, _ c: ZImageConfiguration, _ prefix: String
  ) throws -> ValueID {
    let x = input(x, of: prefix)
    let moves = try time.map { try zImageMoves($0, c, prefix) }
    let n = try scaled(
      rmsNorm(x, "\(prefix).attention_norm1", eps: c.eps), moves?[0], "\(prefix).attention_norm1.scaled")
    let mixed = try zImageAttention(n, table, c, "\(prefix).attention")
    let h = try added(
      x, moves?[1], rmsNorm(mixed, "\(prefix).attention_norm2", eps: c.eps), "\(prefix).h")
    let m = try scaled(
      rmsNorm(h, "\(prefix).ffn_norm1", eps: c.eps), moves?[2], "\(prefix).ffn_norm1.scaled")
    let fed = try zImageFeedForward(m, c, "\(prefix).feed_forward")
    return try added(
      h, moves?[3], rmsNorm(fed, "\(prefix).ffn_norm2", eps: c.eps), prefix, isSite: true)
  }

  /// The scale and the gate of attention, then those of the feed-forward layer, `f32[B,D]`.
  private mutating func zImageMoves(
    _ time: ValueID, _ c: ZImageConfiguration, _ prefix: String
  ) throws -> [ValueID] {
    let name = "\(prefix).adaLN_modulation"
    let all = output(
      try linear(input(time, of: name), "\(name).0", 4 * c.width, c.conditionWidth, bias: true), of: name)
    return (0..<4).map { part in
      let own = columns(all, from: part * c.width, c.width, "\(name).\(part).part")
      return part.isMultiple(of: 2) ? own : graph.append(.unary(.tanh), own, name: "\(name).\(part).gate")
    }
  }

  /// x · (1 + scale), where there is a scale.
  private mutating func scaled(_ x: ValueID, _ scale: ValueID?, _ name: String) -> ValueID {
    guard let scale else { return x }
    let one = graph.append(.constant(1), name: "one")
    let factor = graph.append(.binary(.add), ofEntries(scale, like: x), one, name: "\(name).factor")
    return graph.append(.binary(.mul), x, factor, name: name)
  }

  /// residual + gate · x, or without a gate their sum.
  private mutating func added(
    _ residual: ValueID, _ gate: ValueID?, _ x: ValueID, _ name: String, isSite: Bool = false
  ) -> ValueID {
    guard let gate else { return sum(residual, x, name, isSite: isSite) }
    return gated(residual, gate, x, name, isSite: isSite)
  }

  private mutating func zImageAttention(
    _ x: ValueID, _ table: ValueID, _ c: ZImageConfiguration, _ prefix: String
  ) throws -> ValueID {
    let heads = try attentionHeads(
      input(x, of: prefix), .own, prefix, heads: c.heads, norm: c.hasHeadNorms ? .rms : .none, eps: 1e-5,
      bias: false)
    let turned = heads.prefix(2).map {
      graph.append(
        .rope(headWidth: c.headWidth, pairs: .interleaved), $0, table, name: "\(graph[$0].name).rotated")
    }
    let mixed = attention(turned[0], turned[1], heads[2], heads: c.heads, name: "\(prefix).mixed")
    return output(try linear(mixed, "\(prefix).to_out.0", c.width, c.width, bias: false), of: prefix)
  }

  private mutating func zImageFeedForward(
    _ x: ValueID, _ c: ZImageConfiguration, _ prefix: String
  ) throws -> ValueID {
    let x = input(x, of: prefix)
    let gate = try linear(x, "\(prefix).w1", c.innerWidth, c.width, bias: false)
    let up = try linear(x, "\(prefix).w3", c.innerWidth, c.width, bias: false)
    let active = graph.append(.unary(.silu), gate, name: "\(prefix).active")
    let product = graph.append(.binary(.mul), active, up, name: "\(prefix).product")
    return output(try linear(product, "\(prefix).w2", c.width, c.innerWidth, bias: false), of: prefix)
  }

  /// What the patches become: all channels of their pixels.
  private mutating func zImageFinal(
    _ x: ValueID, _ time: ValueID, _ c: ZImageConfiguration
  ) throws -> ValueID {
    let prefix = "all_final_layer.\(c.patch)-1"
    let name = "\(prefix).adaLN_modulation"
    let x = input(x, of: prefix)
    let active = Activation.function(.silu).append(
      to: &graph, input(time, of: name), name: "\(name).0", site: "\(name).0")
    let scale = output(try linear(active, "\(name).1", c.width, c.conditionWidth, bias: true), of: name)
    let n = scaled(bareLayerNorm(x, "\(prefix).norm_final"), scale, "\(prefix).norm_final.scaled")
    return output(
      try linear(n, "\(prefix).linear", c.patch * c.patch * c.channels, c.width, bias: true), of: prefix)
  }
}

/// The configuration of `ZImageTransformer2DModel`.
struct ZImageConfiguration {
  var channels, width, layers, refiners, heads, textWidth, patch: Int
  var eps: Float
  var base, timeScale: Double
  /// Whether queries and keys have a norm.
  var hasHeadNorms: Bool
  /// The channels of a head that each axis of a row's place turns, and how many places each axis has.
  var axes, lengths: [Int]

  var headWidth: Int { width / heads }
  /// The width of the embedding of the time.
  var conditionWidth: Int { min(width, 256) }
  /// That between the layers of a feed-forward layer, as the published code rounds it.
  var innerWidth: Int { Int(Double(width) / 3 * 8) }
  /// The most rows of text, filled up: the image stands after them along the first axis, whose places begin at 1.
  var mostTextRows: Int { (lengths[0] - 2) / InputRole.fillingMultiple * InputRole.fillingMultiple }

  init(_ c: Configuration) throws {
    channels = try c.size("in_channels", default: 16)
    width = try c.size("dim", default: 3840)
    layers = try c.count("n_layers", default: 30)
    refiners = try c.count("n_refiner_layers", default: 2)
    heads = try c.size("n_heads", default: 30)
    textWidth = try c.size("cap_feat_dim", default: 2560)
    eps = Float(try c.number("norm_eps", in: SaneRange.epsilon, default: 1e-5))
    base = try c.number("rope_theta", in: SaneRange.rotaryBase, default: 256)
    timeScale = try c.number("t_scale", in: 1e-6...1e9, default: 1000)
    hasHeadNorms = try c.flag("qk_norm", default: true)
    patch = try Self.patch(c)
    axes = try c.sizes("axes_dims", default: [32, 48, 48])
    lengths = try c.sizes("axes_lens", default: [1024, 512, 512])
    guard width.isMultiple(of: heads) else {
      throw c.failure("n_heads", "a number that divides dim \(width)")
    }
    guard axes.count == 3, axes.allSatisfy({ $0 % 2 == 0 }), axes.reduce(0, +) == width / heads else {
      throw c.failure("axes_dims", "three even numbers whose sum is the width of a head, \(width / heads)")
    }
    guard lengths.count == 3 else { throw c.failure("axes_lens", "a number for each of the three axes") }
    guard mostTextRows > 0 else {
      throw c.failure("axes_lens", "at least \(InputRole.fillingMultiple + 2) places along the first axis")
    }
    guard !c.has("siglip_feat_dim") else {
      throw FileError.unsupported(
        c.path, "siglip_feat_dim", "images among the conditions are not supported", next: "null is")
    }
    // The published code has as many keys as queries.
    c.disregard("n_kv_heads")
  }

  /// The side of the patches that the published code takes by default, or the only one.
  private static func patch(_ c: Configuration) throws -> Int {
    let sides = try c.sizes("all_patch_size", default: [2])
    let frames = try c.sizes("all_f_patch_size", default: [1])
    guard sides.count == frames.count else {
      throw c.failure("all_f_patch_size", "a number for each of all_patch_size")
    }
    let known = zip(sides, frames).filter { $0.1 == 1 }.map { $0.0 }
    guard let side = known.contains(2) ? 2 : known.first else {
      throw FileError.unsupported(
        c.path, "all_f_patch_size", "patches of several frames are not supported", next: "1 is")
    }
    guard side <= 255 else { throw c.failure("all_patch_size", "integers from 1 to 255") }
    return side
  }
}
