import ActIR

/// The passes from a model's graph, with maps at frozen strengths, to one of the same layers with other weights.
///
/// What they leave of a map as nodes of its own has no home in a checkpoint.
public func bakePipeline(_ transports: [Transport], frozen: [String: Float]) -> [GraphPass] {
  [
    insertTransports(transports),
    freezeDials(frozen),
  ] + [
    expandPixelMeans,
    foldConstants,
    recognizeAffine,
    foldConstants,
    // Sums, factors and products stand between some sites and the weights.
    moveAffineToWeights,
    // A checkpoint has no bias of a norm that has none: the readers take the shift.
    foldAffineIntoStoredNorm,
    foldAffineIntoLinear,
    foldAffineIntoTable,
    foldAffineIntoReaders,
    foldMapIntoLinear,
    foldMapIntoReaders,
    deadCode,
  ]
}

/// The passes over the graph of the checkpoint as which a model is written: those of ``bakePipeline(_:frozen:)`` that
/// change a model without maps.
public let bakeTemplatePipeline = [foldConstants, recognizeAffine, foldConstants, deadCode]
