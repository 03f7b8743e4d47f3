import ActFormats
import ActIR

// What transformers that denoise images share: time steps, modulation by them, attention and MLPs as diffusers names them.

/// Chunks of an embedding's layer by which a block moves and gates its rows: a row an entry.
struct Modulation {
  var shift, scale, gate: ValueID
}

/// What attention calls its layers: those of its own rows, or of others that take part.
enum AttentionNames {
  case own, added

  func layer(_ part: String) -> String { self == .own ? "to_\(part)" : "add_\(part)_proj" }
  func norm(_ part: String) -> String { self == .own ? "norm_\(part)" : "norm_added_\(part)" }
}

/// The norm of each head of queries and keys.
enum QueryKeyNorm {
  case none, rms, layer
  /// Without gain and bias.
  case bareLayer

  /// Reads `qk_norm`.
  init(_ c: Configuration) throws {
    let known: [(name: String, norm: QueryKeyNorm)] = [
      ("rms_norm", .rms), ("layer_norm", .layer), ("fp32_layer_norm", .bareLayer),
    ]
    guard c.has("qk_norm") else {
      self = .none
      return
    }
    let name = try c.string("qk_norm", default: "")
    guard let found = known.first(where: { $0.name == name }) else {
      throw FileError.unsupported(
        c.path, "qk_norm", "`\(name)` is not supported",
        next: "known: \(known.map(\.name).joined(separator: ", "))")
    }
    self = found.norm
  }
}

extension ModelBuilder {
  /// Of each row of x what its entry has in e, `f32[B,D]`, or a shape that repeats to it.
  mutating func ofEntries(_ e: ValueID, like x: ValueID) -> ValueID {
    let (shape, name) = (graph.type(x).shape, "\(graph[e].name).rows")
    guard case .symbol(let symbol)? = shape.first, symbol != "B" else {
      let ones = [Dim](repeating: .fixed(1), count: shape.count - 2)
      return graph.append(
        .reshape([.symbol("B")] + ones + [graph.type(e).shape.last!]), e, name: name)
    }
    return graph.append(.takeRows, e, entries(symbol), name: name)
  }

  /// The input of the entry of each row that a symbol counts.
  private mutating func entries(_ symbol: String) -> ValueID {
    let type = TensorType(.i32, [.symbol(symbol)])
    let known = graph.inputs.first { id in
      if case .input(_, .entry, _) = graph[id].op { graph.type(id) == type } else { false }
    }
    if let known { return known }
    let name = ["T": "text_entries", "P": "image_entries"][symbol] ?? "entries"
    return input(name, symbol, .entry, at: .prompt)
  }

  /// x · (1 + scale) + shift, as the site of its name where `isSite` says so.
  mutating func modulated(
    _ x: ValueID, shift: ValueID, scale: ValueID, _ name: String, isSite: Bool = false
  ) -> ValueID {
    let one = graph.append(.constant(1), name: "one")
    let factor = graph.append(
      .binary(.add), ofEntries(scale, like: x), one, name: "\(Self.valueName(ofSite: name)).factor")
    let scaled = graph.append(.binary(.mul), x, factor, name: "\(Self.valueName(ofSite: name)).scaled")
    return graph.append(
      .binary(.add), scaled, ofEntries(shift, like: x), name: Self.valueName(ofSite: name),
      site: isSite ? name : nil)
  }

  /// residual + gate · x, as the site of its name where `isSite` says so.
  mutating func gated(
    _ residual: ValueID, _ gate: ValueID, _ x: ValueID, _ name: String, isSite: Bool = false
  ) -> ValueID {
    let part = graph.append(
      .binary(.mul), x, ofEntries(gate, like: x), name: "\(Self.valueName(ofSite: name)).gated")
    return graph.append(
      .binary(.add), residual, part, name: Self.valueName(ofSite: name), site: isSite ? name : nil)
  }

  /// The name of a value at a site, where that of a module's output has a colon, which no value's has.
  static func valueName(ofSite name: String) -> String { String(name.map { $0 == ":" ? "." : $0 }) }

  /// The chunks of the layer `prefix.linear` over `prefix.silu` of an embedding `f32[B,D]`, so many of `width` channels.
  mutating func chunks(_ embedding: ValueID, _ prefix: String, _ count: Int, _ width: Int) throws -> [ValueID]
  {
    let active = Activation.function(.silu).append(
      to: &graph, embedding, name: "\(prefix).silu", site: "\(prefix).silu")
    let all = try linear(
      active, "\(prefix).linear", count * width, graph.type(embedding).shape.last!.fixed!, bias: true)
    return (0..<count).map { part in
      graph.append(
        .slice(start: part * width, count: width), all, name: "\(prefix).linear.\(part)")
    }
  }

  /// A layer norm without gain and bias, as the site `prefix`.
  mutating func bareLayerNorm(_ x: ValueID, _ prefix: String, eps: Float = 1e-6) -> ValueID {
    graph.append(.layerNorm(eps: eps), input(x, of: prefix), name: prefix, site: prefix)
  }

  /// A norm whose rows are then moved by chunks of an embedding (`AdaLayerNormZero`, of six chunks, `…ZeroSingle`, of
  /// three, `…ZeroX`, of nine): its first output, as the site `prefix:0`, and the chunks of each part.
  mutating func zeroNorm(
    _ x: ValueID, _ embedding: ValueID, _ prefix: String, parts: Int
  ) throws -> (norm: ValueID, rows: ValueID, parts: [Modulation]) {
    let width = graph.type(x).shape.last!.fixed!
    let chunks = try chunks(embedding, prefix, 3 * parts, width)
    let parts = (0..<parts).map { part in
      Modulation(shift: chunks[3 * part], scale: chunks[3 * part + 1], gate: chunks[3 * part + 2])
    }
    let norm = bareLayerNorm(x, "\(prefix).norm")
    let rows = modulated(
      norm, shift: parts[0].shift, scale: parts[0].scale, "\(prefix):0", isSite: true)
    return (norm, rows, parts)
  }

  /// A norm moved by an embedding, scale first (`AdaLayerNormContinuous`), as the site `prefix`.
  mutating func continuousNorm(_ x: ValueID, _ embedding: ValueID, _ prefix: String) throws -> ValueID {
    let chunks = try chunks(embedding, prefix, 2, graph.type(x).shape.last!.fixed!)
    let norm = bareLayerNorm(input(x, of: prefix), "\(prefix).norm")
    return modulated(norm, shift: chunks[1], scale: chunks[0], prefix, isSite: true)
  }

  /// The cosines and sines of a number a row, 256 together, through two layers.
  mutating func timeEmbedding(
    _ t: ValueID, _ prefix: String, _ width: Int, offset: Double = 0
  ) throws -> ValueID {
    let sinusoids = Sinusoids(width: 256, base: 10_000, offset: offset)
    let waves = graph.append(.sinusoids(sinusoids), t, name: "\(prefix).waves")
    return try timestepEmbedding(waves, prefix, width: width)
  }

  /// The embedding of time step, pooled text and, where it is given, guidance (`CombinedTimestep…TextProjEmbeddings`).
  mutating func timeTextEmbedding(
    _ time: ValueID, guidance: ValueID?, _ pooled: ValueID, _ prefix: String, _ width: Int
  ) throws -> ValueID {
    var embedding = try timeEmbedding(time, "\(prefix).timestep_embedder", width)
    if let guidance {
      let other = try timeEmbedding(guidance, "\(prefix).guidance_embedder", width)
      embedding = sum(embedding, other, "\(prefix).time")
    }
    let text = try timestepEmbedding(pooled, "\(prefix).text_embedder", width: width, named: "act_1")
    return sum(embedding, text, prefix, isSite: true)
  }

  /// Queries, keys and values of rows, one layer each, and the norms of the heads of the first two.
  mutating func attentionHeads(
    _ x: ValueID, _ names: AttentionNames, _ attention: String, heads: Int, norm: QueryKeyNorm,
    eps: Float = 1e-6, bias: Bool = true
  ) throws -> [ValueID] {
    let width = graph.type(x).shape.last!.fixed!
    return try ["q", "k", "v"].map { part in
      let layer = try linear(x, "\(attention).\(names.layer(part))", width, width, bias: bias)
      return try part == "v"
        ? layer : headNorm(layer, "\(attention).\(names.norm(part))", heads: heads, norm, eps: eps)
    }
  }

  /// A norm of each head of x, as the site `prefix`.
  private mutating func headNorm(
    _ x: ValueID, _ prefix: String, heads: Int, _ norm: QueryKeyNorm, eps: Float
  ) throws -> ValueID {
    if norm == .none { return x }
    let type = graph.type(x)
    let width = type.shape.last!.fixed! / heads
    // Heads of the patches of an image are rows too: four axes would be an image.
    let rows: [Dim] =
      type.rank == 2
      ? [type.shape[0], .fixed(heads)] : [type.shape[0], .fixed(heads * type.shape[1].fixed!)]
    let split = graph.append(.reshape(rows + [.fixed(width)]), x, name: "\(graph[x].name).heads")
    let normed =
      switch norm {
      case .rms: try rmsNorm(split, prefix, eps: eps)
      case .layer: try layerNorm(split, prefix, eps: eps)
      case .bareLayer, .none: bareLayerNorm(split, prefix, eps: eps)
      }
    return graph.append(.reshape(type.shape), normed, name: "\(prefix).rows")
  }

  /// x moved by its MLP, which reads its norm as `m` moves that, as the site of its name.
  mutating func modulatedFeedForward(
    _ x: ValueID, _ m: Modulation, _ norm: String, _ module: String, _ name: String
  ) throws -> ValueID {
    let n = modulated(bareLayerNorm(x, norm), shift: m.shift, scale: m.scale, "\(norm).modulated")
    return gated(x, m.gate, try feedForward(n, module), name, isSite: true)
  }

  /// Two layers of four times the width with a function between (`FeedForward` of diffusers).
  mutating func feedForward(
    _ x: ValueID, _ prefix: String, _ kind: FeedForwardKind = .geluTanh
  ) throws -> ValueID {
    let width = graph.type(x).shape.last!.fixed!
    let inner = 4 * width
    let (x, first) = (input(x, of: prefix), "\(prefix).net.0")
    let raised = try linear(
      input(x, of: first), "\(first).proj", kind.isGated ? 2 * inner : inner, width, bias: true)
    let halves =
      kind.isGated
      ? [0, 1].map { half in
        graph.append(.slice(start: half * inner, count: inner), raised, name: "\(first).\(half)")
      } : [raised]
    let site = kind.hasModule ? "\(first).activation" : nil
    var active = kind.activation.append(
      to: &graph, halves.last!, name: site ?? (kind.isGated ? "\(first).gate" : first), site: site)
    if kind.isGated {
      active = graph.append(.binary(.mul), halves[0], active, name: first, site: first)
    } else if kind.hasModule {
      active = output(active, of: first)
    } else {
      graph.setSite(active, first)
    }
    return output(try linear(active, "\(prefix).net.2", width, inner, bias: true), of: prefix)
  }

  /// The rotary table of ids `f32[…,axes]`, each of which turns as many channels of a head as `widths` says.
  mutating func rotaryTable(_ ids: ValueID, _ widths: [Int], base: Double) -> ValueID {
    let name = graph[ids].name
    let waves = widths.enumerated().map { axis, width in
      let id = graph.append(.slice(start: axis, count: 1), ids, name: "\(name).\(axis)")
      return graph.append(
        .sinusoids(Sinusoids(width: width, base: base)), id, name: "\(name).\(axis).waves")
    }
    let halves = [0, 1].flatMap { half in
      zip(waves, widths).map { wave, width in
        graph.append(
          .slice(start: half * width / 2, count: width / 2), wave, name: "\(graph[wave].name).\(half)")
      }
    }
    return graph.append(.concat(axis: graph.type(ids).rank - 1), halves, name: "\(name).rotary")
  }
}
