import ActFormats
import ActIR

extension ModelBuilder {
  /// A group norm `prefix.weight` and `prefix.bias` over the rows of each entry of x, `f32[B,…,C]`, and each of `groups`
  /// groups of neighbouring channels, as the site `prefix`.
  ///
  ///     %m = moments %x                                    of each channel
  ///     M = mean m, V = mean (v + (m − M)²)                of each group, from the means m and the variances v
  ///     scale = gain / √(V + eps), shift = bias − M scale  of each channel of an entry
  ///     %y = affine %x, %scale, %shift {site = "prefix"}
  mutating func groupNorm(_ x: ValueID, _ prefix: String, groups: Int, eps: Float) throws -> ValueID {
    let width = graph.type(x).shape.last!.fixed!
    try checkGroups(groups, width, prefix)
    let channels = [Dim.fixed(groups), .fixed(width / groups)]
    func parameter(_ name: String, in builder: inout ModelBuilder) throws -> ValueID {
      let vector = try builder.vector("\(prefix).\(name)", width)
      return builder.graph.append(.reshape(channels), vector, name: "\(prefix).\(name).by_group")
    }
    let gain = try parameter("weight", in: &self)
    let bias = try parameter("bias", in: &self)
    return normedGroups(input(x, of: prefix), prefix, groups: groups, eps: eps, gain: gain, bias: bias)
  }

  /// A group norm whose gain, less 1, and bias the layer `prefix.linear` makes of an embedding of each entry, `f32[B,E]`
  /// (`AdaGroupNorm` of diffusers), as the site `prefix`.
  mutating func adaptiveGroupNorm(
    _ x: ValueID, _ embedding: ValueID, _ prefix: String, groups: Int, eps: Float
  ) throws -> ValueID {
    let width = graph.type(x).shape.last!.fixed!
    try checkGroups(groups, width, prefix)
    let x = input(x, of: prefix)
    let moves = try linear(
      embedding, "\(prefix).linear", 2 * width, graph.type(embedding).shape.last!.fixed!, bias: true)
    let one = graph.append(.constant(1), name: "one")
    let gain = graph.append(
      .binary(.add), columns(moves, from: 0, width, "\(prefix).linear.scale"), one, name: "\(prefix).gain")
    let bias = columns(moves, from: width, width, "\(prefix).linear.shift")
    let channels = [graph.type(x).shape[0], .fixed(groups), .fixed(width / groups)]
    let parameters = [gain, bias].map {
      graph.append(.reshape(channels), $0, name: "\(graph[$0].name).by_group")
    }
    return normedGroups(x, prefix, groups: groups, eps: eps, gain: parameters[0], bias: parameters[1])
  }

  private func checkGroups(_ groups: Int, _ width: Int, _ prefix: String) throws(FileError) {
    guard groups > 0, width.isMultiple(of: groups) else {
      throw FileError(
        configuration.path, prefix,
        "expected a number of channels that \(groups) groups divide, found \(width)"
      )
    }
  }

  /// The norm of x, whose gain and bias are `[…,groups,C/groups]`, of all entries or of each.
  private mutating func normedGroups(
    _ x: ValueID, _ prefix: String, groups: Int, eps: Float, gain: ValueID, bias: ValueID
  ) -> ValueID {
    let type = graph.type(x)
    let (entries, width) = (type.shape[0], type.shape.last!.fixed!)
    let channels = [Dim.fixed(groups), .fixed(width / groups)]
    let moments = graph.append(.moments, x, name: "\(prefix).moments")
    func part(_ index: Int, _ name: String, in graph: inout Graph) -> ValueID {
      let slice = Slice(start: index, count: 1, axis: 1)
      let part = graph.append(.slice(slice), moments, name: "\(prefix).\(name)s")
      return graph.append(.reshape([entries] + channels), part, name: "\(prefix).\(name)s.by_group")
    }
    let mean = part(0, "mean", in: &graph)
    let variance = part(1, "variance", in: &graph)
    let groupMean = graph.append(.reduce(.mean), mean, name: "\(prefix).mean")
    let apart = graph.append(.binary(.sub), mean, groupMean, name: "\(prefix).apart")
    let square = graph.append(.binary(.mul), apart, apart, name: "\(prefix).apart.square")
    let spread = graph.append(.binary(.add), variance, square, name: "\(prefix).spread")
    let groupVariance = graph.append(.reduce(.mean), spread, name: "\(prefix).variance")
    let least = graph.append(.constant(eps), name: "\(prefix).eps")
    let raised = graph.append(.binary(.add), groupVariance, least, name: "\(prefix).variance.raised")
    let root = graph.append(.unary(.rsqrt), raised, name: "\(prefix).inverse_deviation")
    let scale = graph.append(.binary(.mul), root, gain, name: "\(prefix).scale")
    let moved = graph.append(.binary(.mul), groupMean, scale, name: "\(prefix).mean.scaled")
    let shift = graph.append(.binary(.sub), bias, moved, name: "\(prefix).shift")
    // The same for all rows of an entry.
    let shape = [entries] + Array(repeating: Dim.fixed(1), count: type.rank - 2) + [.fixed(width)]
    let perEntry = [scale, shift].map {
      graph.append(.reshape(shape), $0, name: "\(graph[$0].name).by_entry")
    }
    return graph.append(.affine, x, perEntry[0], perEntry[1], name: prefix, site: prefix)
  }
}
