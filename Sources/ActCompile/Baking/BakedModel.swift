import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// What maps are baked into.
package struct BakeOptions: Sendable {
  /// The strength of each map, by its name.
  package var strengths: [String: Float]
  /// The program that is to read the checkpoint.
  package var loader: CheckpointLoader
  /// Whether what has no home in the checkpoint is left out; otherwise it is an error.
  package var isApproximate: Bool
  /// The element type of the tensors.
  package var precision: ImportPrecision

  package init(
    strengths: [String: Float], loader: CheckpointLoader = .transformers, isApproximate: Bool = false,
    precision: ImportPrecision = .stored
  ) {
    self.strengths = strengths
    self.loader = loader
    self.isApproximate = isApproximate
    self.precision = precision
  }
}

/// A model into whose weights maps are folded, as a checkpoint that is not on disk yet.
package struct BakedModel {
  let model: Model
  let options: BakeOptions
  /// The checkpoint as which it is written.
  package let form: CheckpointForm
  /// Computes what has changed.
  let graph: Graph
  /// What each tensor of the checkpoint holds; of others what it held.
  let tensors: [String: CheckpointMatch.Tensor]
  /// The types of tensors that the model's own checkpoint does not have.
  let addedTypes: [String: TensorType]
  /// What has no home and was left out.
  package let leftOut: [BakeError.Homeless]
  let source: (Op) throws -> OwnedBytes

  /// How many tensors hold something else than those of the model, or are new.
  package var changedCount: Int { tensors.values.count { $0 != .unchanged } }
}

extension Model {
  /// Folds maps at their strengths into the weights of a checkpoint that others read.
  ///
  /// - Throws: ``BakeError`` for maps that it cannot hold, `UsageError` for strengths that are missing or of no map, and
  ///   `FileError` where the model cannot be read.
  package func bake(_ maps: MapSet, _ options: BakeOptions) throws -> BakedModel {
    try check(options, for: maps)
    var transports = maps.transports
    var leftOut: [BakeError.Homeless] = []
    while true {
      var graph = graph
      let named = transports.filter { !$0.sites.isEmpty }
      guard !named.isEmpty || maps.transports.isEmpty else { throw BakeError(path: path, homeless: leftOut) }
      let frozen = options.strengths.filter { name, _ in named.contains { $0.name == name } }
      try PassManager().run(
        named.isEmpty ? bakeTemplatePipeline : bakePipeline(named, frozen: frozen), on: &graph)
      var search = CheckpointSearch(model: self, graph: graph, transports: named, options: options)
      let source = tensorSource(maps)
      let homeless = try search.solve(source)
      guard !homeless.isEmpty else {
        return search.result(source, leftOut: leftOut)
      }
      guard options.isApproximate else { throw BakeError(path: path, homeless: homeless) }
      leftOut += homeless
      if search.canDropBiases {
        let baked = search.result(source, leftOut: leftOut)
        guard baked.changedCount > 0 else { throw BakeError(path: path, homeless: leftOut) }
        return baked
      }
      let count = transports.reduce(0) { $0 + $1.sites.count }
      for part in homeless {
        for index in transports.indices where transports[index].name == part.map {
          transports[index].sites.removeAll { $0 == part.site }
        }
      }
      guard transports.reduce(0, { $0 + $1.sites.count }) < count else {
        throw BakeError(path: path, homeless: homeless)
      }
    }
  }

  private func check(_ options: BakeOptions, for maps: MapSet) throws {
    for (name, file) in maps.files {
      guard options.strengths[name] != nil else {
        throw UsageError("`\(name)` has no strength: give --strength \(name)=STRENGTH")
      }
      let scopes = [
        ("tokens", file.fit.scope == .all ? nil : "\(file.fit.scope)"),
        ("steps of denoising", file.fit.steps == .all ? nil : "\(file.fit.steps)"),
      ]
      if let (things, scope) = scopes.first(where: { $0.1 != nil }) {
        throw BakeError(
          path: path,
          homeless: file.sites.prefix(1).map {
            .init(map: name, site: $0.name, reason: "it applies to some \(things) only (\(scope!))")
          })
      }
    }
    for name in options.strengths.keys.sorted() where !maps.files.contains(where: { $0.name == name }) {
      throw UsageError("no map `\(name)` to give a strength")
    }
  }
}

extension ImportPrecision {
  /// The element type that it asks for; nil: as it is stored.
  var dtype: DType? {
    switch self {
    case .stored: nil
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    }
  }
}
