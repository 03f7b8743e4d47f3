import ActFormats
import ActIR

/// How a block norms the text that its pixels attend to beside their image.
enum UNetTextNorm {
  case layer, group

  /// Reads `cross_attention_norm`; nil for none.
  init?(_ c: Configuration) throws {
    let key = "cross_attention_norm"
    guard c.has(key) else { return nil }
    switch try c.string(key, default: "") {
    case "layer_norm": self = .layer
    case "group_norm": self = .group
    case let name:
      throw FileError.unsupported(
        c.path, key, "`\(name)` is not supported", next: "known: layer_norm, group_norm")
    }
  }
}

/// Attention of pixels to a text and their image at once.
struct UNetJointAttention {
  var heads: Int
  var attendsToTextAlone: Bool
  var textNorm: UNetTextNorm?
  var groups: Int
}

extension ModelBuilder {
  /// Diffusers' `Attention` with `AttnAddedKVProcessor`, as the site `prefix`: of every pixel, after a group norm, to the
  /// rows of the text and to all pixels of its image, added to what it reads. `x: f32[B,H,W,C], text -> f32[B,H,W,C]`
  mutating func jointAttention(
    _ x: ValueID, _ text: ValueID, _ prefix: String, _ c: UNetJointAttention
  ) throws -> ValueID {
    let shape = graph.type(x).shape
    let (pixels, channels) = (shape[1].fixed! * shape[2].fixed!, shape[3].fixed!)
    let columns = graph.type(text).shape.last!.fixed!
    let x = input(x, of: prefix)
    let n = try groupNorm(x, "\(prefix).group_norm", groups: c.groups, eps: 1e-5)
    let shapeOfRows = [shape[0], .fixed(pixels), .fixed(channels)]
    let rows = graph.append(.reshape(shapeOfRows), n, name: "\(prefix).pixels")
    let states: ValueID
    switch c.textNorm {
    case nil: states = text
    case .layer: states = try layerNorm(text, "\(prefix).norm_cross", eps: 1e-5)
    case .group: states = try groupNormOfText(text, "\(prefix).norm_cross", groups: 32, eps: 1e-5)
    }
    let q = try linear(rows, "\(prefix).to_q", channels, channels, bias: true)
    let both = try ["k", "v"].map { part in
      let ofText = try linear(states, "\(prefix).add_\(part)_proj", channels, columns, bias: true)
      guard !c.attendsToTextAlone else { return ofText }
      let own = try linear(rows, "\(prefix).to_\(part)", channels, channels, bias: true)
      return joined(ofText, pixels: own, "\(prefix).\(part)")
    }
    let mixed = attention(q, both[0], both[1], heads: c.heads, name: "\(prefix).mixed")
    let o = try linear(mixed, "\(prefix).to_out.0", channels, channels, bias: true)
    let residual = graph.append(.reshape(shapeOfRows), x, name: "\(prefix).residual")
    return graph.append(.reshape(shape), sum(o, residual, "\(prefix).sum"), name: prefix, site: prefix)
  }

  /// Of each entry the rows of its text, of an image or of both, and those of its pixels, `[B,N,D]`.
  private mutating func joined(_ text: ValueID, pixels: ValueID, _ name: String) -> ValueID {
    let leading = Array(graph.type(text).shape.dropLast())
    guard case .ragged(let symbol)? = RowKind(leading) else {
      return graph.append(.concat(axis: 1), text, pixels, name: name)
    }
    guard let parts = RowKind.parts(of: symbol), case .fixed(let count)? = parts.last else {
      return graph.append(.joinRows, text, pixels, name: name)
    }
    let ofText = graph.append(.partRows([.symbol("T")]), text, name: "\(name).text")
    let others = graph.append(.partRows([.symbol("B"), .fixed(count)]), text, name: "\(name).others")
    let fixed = graph.append(.concat(axis: 1), others, pixels, name: "\(name).fixed")
    return graph.append(.joinRows, ofText, fixed, name: name)
  }

  /// A group norm over all rows of a text's entry, as the site `prefix`. `x: f32[…,D] -> f32[…,D]`
  ///
  /// The mean over rows, of which each entry has a number of its own, is the attention of zeros: all scores are the same.
  private mutating func groupNormOfText(
    _ x: ValueID, _ prefix: String, groups: Int, eps: Float
  ) throws -> ValueID {
    let shape = graph.type(x).shape
    let width = shape.last!.fixed!
    guard width.isMultiple(of: groups) else {
      throw configuration.failure(
        "cross_attention_dim", "a number that the \(groups) groups of \(prefix) divide")
    }
    let x = input(x, of: prefix)
    let grouped: [Dim] = Array(shape.dropLast()) + [.fixed(groups), .fixed(width / groups)]
    let zeros = scaled(x, by: 0, "\(prefix).zeros")
    func mean(_ x: ValueID, _ name: String, in b: inout ModelBuilder) -> ValueID {
      let ofRows = b.attention(zeros, x, x, heads: groups, name: "\(prefix).\(name)s")
      let byGroup = b.graph.append(.reshape(grouped), ofRows, name: "\(prefix).\(name)s.by_group")
      return b.graph.append(.reduce(.mean), byGroup, name: "\(prefix).\(name)")
    }
    let center = mean(x, "mean", in: &self)
    let byGroup = graph.append(.reshape(grouped), x, name: "\(prefix).by_group")
    let apart = graph.append(.binary(.sub), byGroup, center, name: "\(prefix).apart")
    let square = graph.append(.binary(.mul), apart, apart, name: "\(prefix).apart.square")
    let squares = graph.append(.reshape(shape), square, name: "\(prefix).squares")
    let variance = mean(squares, "variance", in: &self)
    let least = graph.append(.constant(eps), name: "\(prefix).eps")
    let raised = graph.append(.binary(.add), variance, least, name: "\(prefix).variance.raised")
    let root = graph.append(.unary(.rsqrt), raised, name: "\(prefix).inverse_deviation")
    let scaled = graph.append(.binary(.mul), apart, root, name: "\(prefix).normed.by_group")
    let normed = graph.append(.reshape(shape), scaled, name: "\(prefix).normed")
    let gained = graph.append(
      .binary(.mul), normed, try vector("\(prefix).weight", width), name: "\(prefix).gained")
    return graph.append(
      .binary(.add), gained, try vector("\(prefix).bias", width), name: prefix, site: prefix)
  }
}
