import ActIR

/// What a compilation wants of the pipeline.
public struct PipelineOptions: Sendable {
  public var transports: [Transport] = []
  /// Dials frozen at a strength, by map name.
  public var frozen: [String: Float] = [:]
  /// The element type of matrices in the plan; nil: as in the checkpoint.
  public var weights: DType?
  /// Whether nodes are folded, merged and fused; off, the graph runs as it is written.
  public var fuses = true
  /// Whether linear layers that read one value become one, with weights of their own.
  public var mergesLinears = true

  public init() {}
}

/// The passes from a model's graph to the graph that lowering takes.
public func pipeline(_ options: PipelineOptions) -> [GraphPass] {
  // Maps enter first, while every site still has a node of its own.
  let steering =
    (options.transports.isEmpty ? [] : [insertTransports(options.transports)])
    // A frozen dial is a constant, so that the folds below see compile-time values.
    + (options.frozen.isEmpty ? [] : [freezeDials(options.frozen)])
  // Matrices change type after the frozen folds, so that folded weights are rounded once, and before layers are
  // merged, so that only layers of one type meet.
  let precision = options.weights.map { [weightPrecision($0)] } ?? []
  guard options.fuses else { return steering + precision + [deadCode] }
  return steering + [
    // Cheap arithmetic first: fewer forms to recognise.
    foldConstants,
    // Gathers whole transports, and chains of them, into `x·scale + shift`.
    recognizeAffine,
    foldConstants,
    // A norm takes any affine map, live or frozen, and so comes before the linear layers.
    foldAffineIntoNorm,
    // Frozen maps only: into the layer before, else into the layers after.
    foldAffineIntoLinear,
    foldAffineIntoReaders,
    commonSubexpressions,
  ] + precision
    // After the folds, which give each layer weights of its own.
    + (options.mergesLinears ? [mergeLinears] : []) + [
      // What is left of transports and activations joins its neighbours, then the layer before it.
      fuseElementwise,
      fuseEpilogues,
      commonSubexpressions,
      deadCode,
    ]
}
