import ActIR

/// A pass by name, for the command line.
public struct RegisteredPass: Sendable {
  /// The pass's own name.
  public let name: String
  /// One line that says what the pass does.
  public let summary: String
  /// Makes the pass; those that take no options ignore them.
  public let make: @Sendable (PipelineOptions) -> GraphPass

  init(_ summary: String, _ make: @escaping @Sendable (PipelineOptions) -> GraphPass) {
    name = make(PipelineOptions()).name
    self.summary = summary
    self.make = make
  }
}

/// Every pass, in the order in which each first stands in the pipeline; those that it leaves out come last.
public let registeredPasses: [RegisteredPass] = [
  RegisteredPass("inlines maps at their sites") { insertTransports($0.transports, scores: $0.scores) },
  RegisteredPass("turns dials into constants") { freezeDials($0.frozen) },
  RegisteredPass("takes the means of images from their moments") { _ in expandPixelMeans },
  RegisteredPass("evaluates scalar arithmetic and drops identities") { _ in foldConstants },
  RegisteredPass("gathers trees that fold or get shorter into x·scale + shift") { _ in recognizeAffine },
  RegisteredPass("folds a map into the norm before it") { _ in foldAffineIntoNorm },
  RegisteredPass("folds a frozen map into the linear layer before it") { _ in foldAffineIntoLinear },
  RegisteredPass("folds a frozen map into the linear layers after it") { _ in foldAffineIntoReaders },
  RegisteredPass("moves a live shift past the linear layers after it") { _ in foldShiftIntoReaders },
  RegisteredPass("folds a frozen map that mixes channels into the linear layer before it") { _ in
    foldMapIntoLinear
  },
  RegisteredPass("folds a frozen map that mixes channels into the linear layers after it") { _ in
    foldMapIntoReaders
  },
  RegisteredPass("takes the moments of a map from those of what it maps") { _ in foldAffineIntoMoments },
  RegisteredPass("computes equal nodes once") { _ in commonSubexpressions },
  RegisteredPass("fuses elementwise nodes") { _ in fuseElementwise },
  RegisteredPass("computes parts of a linear layer apart, where one finishes what takes them") { _ in
    splitLinears
  },
  RegisteredPass("lets linear layers finish what follows them") { _ in fuseEpilogues },
  RegisteredPass("merges linear layers that read one value") { _ in mergeLinears },
  RegisteredPass("makes two pixels of a convolution at once") { pairConvolutions($0.weights) },
  RegisteredPass("lays out matrices for the kernels that stream them") { packWeights($0.weights) },
  RegisteredPass("erases nodes that no result needs") { _ in deadCode },
  RegisteredPass("moves a frozen map to where weights take it") { _ in moveAffineToWeights },
  RegisteredPass("folds a frozen map into what a norm has of gain and bias") { _ in foldAffineIntoStoredNorm
  },
  RegisteredPass("folds a frozen map into the table of an embedding") { _ in foldAffineIntoTable },
]

/// Methods that are trained elsewhere and come as map files: their fit is an error, which says how.
package let importedMethods: [SteeringMethod] = [reft]

/// Every method that `actc fit --method` knows. A new method is one more line here.
package let registeredMethods: [SteeringMethod] = [
  linearAct,
  gaussianAct,
  meanAct,
  pidAct,
  slicedAct,
  contrastiveAct,
  actAdd,
  caa,
  repe,
  cast,
  east,
  itiMean,
  itiClassifier,
  aura,
  det0,
  damp,
  auSteer,
  ablation,
  leace,
  gaussianOT,
  lowRankOT,
  conceptor,
  angular,
  spherical,
]
