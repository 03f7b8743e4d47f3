import ActIR

/// What a compilation wants of the pipeline.
public struct PipelineOptions: Sendable {
  /// The maps to insert, in the order in which they act where several share a site.
  public var transports: [Transport] = []
  /// The scores that conditions test, in gates of the maps or on the host.
  public var scores: [TokenScore] = []
  /// Dials frozen at a strength, by map name.
  public var frozen: [String: Float] = [:]
  /// What the plan's matrices hold; nil: as in the checkpoint.
  public var weights: WeightType?
  /// Whether nodes are folded, merged and fused; off, the graph runs as it is written.
  public var fuses = true
  /// Whether linear layers that read one value become one, with weights of their own.
  public var mergesLinears = true
  /// Whether moments of a map are taken from those of what it maps. That depends on what else is computed, which must not
  /// change a fit.
  public var movesMoments = true

  /// A compilation without maps, with every optimisation.
  public init() {}
}

/// The passes from a model's graph to the graph that lowering takes.
public func pipeline(_ options: PipelineOptions) -> [GraphPass] {
  // Maps enter first, while every site still has a node of its own.
  let steering =
    (options.transports.isEmpty && options.scores.isEmpty
      ? [] : [insertTransports(options.transports, scores: options.scores)])
    // A frozen dial is a constant, so that the folds below see compile-time values.
    + (options.frozen.isEmpty ? [] : [freezeDials(options.frozen)])
  // Matrices are packed last, so that folded weights are rounded once and merged ones are one matrix.
  let packing = packWeights(options.weights)
  guard options.fuses else { return steering + [packing, deadCode] }
  return steering + [
    // Maps say what they take of images; what that is of rows, the passes below see through.
    expandPixelMeans,
    // Cheap arithmetic first: fewer forms to recognise.
    foldConstants,
    // Gathers whole transports, and chains of them, into `x·scale + shift`, where a fold below takes that or it is
    // shorter.
    recognizeAffine,
    foldConstants,
    // A norm takes any affine map, live or frozen, and so comes before the linear layers.
    foldAffineIntoNorm,
    // Frozen maps only: into the layer before, else into the layers after.
    foldAffineIntoLinear,
    foldAffineIntoReaders,
    // A live shift that no norm took: what it adds after the layers that follow it waits for their epilogues.
    foldShiftIntoReaders,
    foldMapIntoLinear,
    foldMapIntoReaders,
  ]
    // The maps that are left; and before what is equal becomes one, such as two moments of one value.
    + (options.movesMoments ? [foldAffineIntoMoments] : []) + [
      commonSubexpressions,
      // What is left of transports and activations joins its neighbours, then the layer before it.
      fuseElementwise,
      // What takes parts of a layer is one node now, and may become the epilogue of one of them.
      splitLinears,
      fuseEpilogues,
    ]
    // After the folds, which give each layer weights of its own, and after the epilogues: gate and up have become a
    // layer and the epilogue of another, which reads the first one's rows once.
    + (options.mergesLinears ? [mergeLinears] : []) + [
      // After the folds, which know one matrix; before each of the four is packed.
      pairConvolutions(options.weights),
      packing,
      commonSubexpressions,
      deadCode,
    ]
}
