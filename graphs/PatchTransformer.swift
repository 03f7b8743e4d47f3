import ActFormats
import ActIR

/// What transformers over patches configure their blocks by, which diffusers calls `BasicTransformerBlock`.
struct PatchTransformerConfiguration {
  var inputChannels, outputChannels, patch, layers, heads, headWidth, sampleSide: Int
  var hasBiases, hasGains: Bool
  var eps: Float
  var feedForward: FeedForwardKind

  var width: Int { heads * headWidth }

  init(
    _ c: Configuration, norm: String, sampleSide defaultSide: Int, outputChannels defaultOutput: Int?,
    eps defaultEps: Double
  ) throws {
    inputChannels = try c.size("in_channels", default: 4)
    outputChannels = try c.size(
      "out_channels", default: (c.names("out_channels") ? nil : defaultOutput) ?? inputChannels)
    patch = try c.size("patch_size", default: 2)
    layers = try c.count("num_layers", default: 28)
    heads = try c.size("num_attention_heads", default: 16)
    headWidth = try c.size("attention_head_dim", default: 72)
    sampleSide = try c.size("sample_size", default: defaultSide)
    hasBiases = try c.flag("attention_bias", default: true)
    hasGains = try c.flag("norm_elementwise_affine", default: false)
    eps = Float(try c.number("norm_eps", in: SaneRange.epsilon, default: defaultEps))
    feedForward = try FeedForwardKind(c, "activation_fn", default: "gelu-approximate")
    guard try c.string("norm_type", default: norm) == norm else {
      throw FileError.unsupported(
        c.path, "norm_type", "other norms are not supported", next: "known: \(norm)")
    }
    guard patch <= sampleSide else {
      throw c.failure("patch_size", "an integer from 1 to sample_size \(sampleSide)")
    }
    guard width % 4 == 0 else {
      throw c.failure("num_attention_heads", "a width of the blocks that 4 divides, \(width) is not")
    }
    c.disregard("norm_num_groups", "upcast_attention", "num_embeds_ada_norm")
  }
}

/// The function between the two layers of an MLP, as diffusers names it.
enum FeedForwardKind: String, CaseIterable {
  case gelu
  case geluTanh = "gelu-approximate"
  case quickGelu = "geglu-approximate"
  case geglu
  case swiglu
  case silu = "linear-silu"

  var activation: Activation {
    switch self {
    case .gelu, .geglu: .function(.gelu)
    case .geluTanh: .function(.geluTanh)
    case .quickGelu: .quickGelu
    case .swiglu, .silu: .function(.silu)
    }
  }

  /// Whether it is the first half times the function of the second.
  var isGated: Bool { self == .geglu || self == .swiglu }

  /// Whether the function is a module of its own.
  var hasModule: Bool { self == .swiglu || self == .silu }

  init(_ c: Configuration, _ key: String, default fallback: String) throws {
    let name = try c.string(key, default: fallback)
    guard let kind = FeedForwardKind(rawValue: name) else {
      throw FileError.unsupported(
        c.path, key, "`\(name)` is not supported",
        next: "known: \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = kind
  }
}

extension ModelBuilder {
  /// A norm of a block, as the site `prefix`.
  mutating func blockNorm(
    _ x: ValueID, _ prefix: String, _ c: PatchTransformerConfiguration
  ) throws -> ValueID {
    try c.hasGains ? layerNorm(x, prefix, eps: c.eps) : bareLayerNorm(x, prefix, eps: c.eps)
  }

  /// Attention of the rows of x to those of another value, or to themselves.
  mutating func blockAttention(
    _ x: ValueID, _ others: ValueID, _ prefix: String, _ c: PatchTransformerConfiguration
  ) throws -> ValueID {
    let width = c.width
    let own = input(x, of: prefix)
    let seen = x == others ? own : others
    let q = try linear(own, "\(prefix).to_q", width, width, bias: c.hasBiases)
    let otherWidth = graph.type(seen).shape.last!.fixed!
    let k = try linear(seen, "\(prefix).to_k", width, otherWidth, bias: c.hasBiases)
    let v = try linear(seen, "\(prefix).to_v", width, otherWidth, bias: c.hasBiases)
    let mixed = attention(q, k, v, heads: c.heads, name: prefix)
    return try linear(mixed, "\(prefix).to_out.0", width, width, bias: true)
  }

  /// The places of patches `[N,D]` by cosines and sines: a quarter of the channels each for the sines and the cosines of
  /// the column, and of the line.
  ///
  /// `base` is how many patches a side the model was made for, whose places images of any size share out.
  mutating func sinusoidalPlaces(
    _ patches: Patches, _ width: Int, base: Int, scale: Int, _ name: String
  ) -> ValueID {
    let zero = graph.append(.constant(0), name: "zero")
    /// Places along one axis, and 0 in the same shape.
    func line(_ count: Int, _ shape: [Dim], _ name: String) -> (places: ValueID, zeros: ValueID) {
      let numbers = (0..<count).map { index in
        let place = Float(index) / Float(Double(count) / Double(base)) / Float(scale)
        let number = graph.append(.constant(place), name: "\(name).\(index)")
        return graph.append(.reshape([.fixed(1), .fixed(1), .fixed(1)]), number, name: "\(name).\(index)")
      }
      let all = graph.append(.concat(axis: shape[0] == .fixed(1) ? 1 : 0), numbers, name: name)
      return (all, graph.append(.binary(.mul), all, zero, name: "\(name).zeros"))
    }
    let lines = line(patches.height, [.fixed(patches.height), .fixed(1)], "\(name).lines")
    let columns = line(patches.width, [.fixed(1), .fixed(patches.width)], "\(name).columns")
    let grids = [(columns.places, lines.zeros), (lines.places, columns.zeros)]
    let half = Sinusoids(width: width / 2, base: 10_000)
    let parts = grids.enumerated().flatMap { axis, grid in
      let grid = graph.append(.binary(.add), grid.0, grid.1, name: "\(name).grid.\(axis)")
      let waves = graph.append(.sinusoids(half), grid, name: "\(name).waves.\(axis)")
      return [width / 4, 0].map { start in
        graph.append(.slice(start: start, count: width / 4), waves, name: "\(name).part.\(axis)")
      }
    }
    let joined = graph.append(.concat(axis: 2), parts, name: "\(name).joined")
    return graph.append(.reshape([.fixed(patches.count), .fixed(width)]), joined, name: name)
  }
}
