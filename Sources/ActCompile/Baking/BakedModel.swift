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
  package fileprivate(set) var leftOut: [BakeError.Homeless]
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
      var bake = Baking(model: self, graph: graph, transports: named, options: options)
      let source = tensorSource(maps)
      let homeless = try bake.solve(source)
      guard !homeless.isEmpty else {
        return bake.result(source, leftOut: leftOut)
      }
      guard options.isApproximate else { throw BakeError(path: path, homeless: homeless) }
      leftOut += homeless
      if bake.canDropBiases {
        let baked = bake.result(source, leftOut: leftOut)
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
      guard file.fit.scope == .all else {
        throw BakeError(
          path: path,
          homeless: file.sites.prefix(1).map {
            .init(map: name, site: $0.name, reason: "it applies to some tokens only (\(file.fit.scope))")
          })
      }
    }
    for name in options.strengths.keys.sorted() where !maps.files.contains(where: { $0.name == name }) {
      throw UsageError("no map `\(name)` to give a strength")
    }
  }
}

/// The search for the checkpoint that holds a graph.
private struct Baking {
  let model: Model
  let graph: Graph
  let transports: [Transport]
  let options: BakeOptions
  private let evaluator = ConstantEvaluator()
  /// The checkpoint whose match is best so far, and what does not fit into it.
  private var best: (form: CheckpointForm, match: CheckpointMatch, homeless: [BakeError.Homeless])?
  /// Whether all that does not fit is biases, which can be left out of an otherwise whole match.
  private(set) var canDropBiases = false

  init(model: Model, graph: Graph, transports: [Transport], options: BakeOptions) {
    self.model = model
    self.graph = graph
    self.transports = transports
    self.options = options
  }

  /// Finds the checkpoint into which the most fits; returns what does not.
  mutating func solve(_ source: (Op) throws -> OwnedBytes) throws -> [BakeError.Homeless] {
    let forms = try ModelGraph.forms(of: model.files.configuration, path: model.files.configurationPath)
    let loader = options.loader
    let unfolded = self.unfolded()
    for form in forms where form.isRead(by: loader) {
      guard let template = template(of: form) else { continue }
      let match = CheckpointMatch(graph, template) { form.isUnread(biasOf: $0, by: loader) }
      var (homeless, dropsBiases) = (unfolded, false)
      if homeless.isEmpty { (homeless, dropsBiases) = try self.homeless(match, form, source) }
      // A checkpoint that lacks biases comes before one of another structure.
      let isBetter = best.map { best in
        dropsBiases == canDropBiases ? homeless.count < best.homeless.count : dropsBiases
      }
      if isBetter ?? true {
        best = (form, match, homeless)
        canDropBiases = dropsBiases
      }
      if homeless.isEmpty { break }
    }
    guard let best else {
      throw FileError.unsupported(
        model.files.configurationPath, nil,
        "\(options.loader.rawValue) reads no such checkpoint of its family")
    }
    return best.homeless
  }

  /// The element type of a tensor as it is to be written.
  private func written(_ type: TensorType) -> TensorType {
    guard type.dtype.isFloat else { return type }
    return TensorType(options.precision.dtype ?? type.dtype, type.shape)
  }

  private func writtenType(_ name: String, _ form: CheckpointForm) -> TensorType? {
    func own(_ name: String) -> TensorType? {
      model.checkpoint.info(of: name).flatMap { TensorType($0) }
    }
    return (own(name) ?? form.addedType(name, own)).map(written)
  }

  /// The graph of a checkpoint; nil where the configuration asks for what its family has not, or for another context.
  private func template(of form: CheckpointForm) -> Graph? {
    let built = try? ModelGraph(
      configuration: form.configuration, path: model.files.configurationPath, tensors: model.checkpoint.names,
      weightType: { writtenType($0, form) })
    guard var built, built.contextLength == model.contextLength else { return nil }
    do { try PassManager().run(bakeTemplatePipeline, on: &built.graph) } catch { return nil }
    return built.graph
  }

  // MARK: What does not fit

  /// The sites at which nodes of a map are left.
  private func unfolded() -> [BakeError.Homeless] {
    var homeless: [BakeError.Homeless] = []
    let times = BindingTimes(of: graph)
    for id in graph.order where times[id] == .step {
      let node = graph[id]
      for (index, operand) in node.inputs.enumerated() where times[operand] == .compile {
        let isWeight =
          switch node.op {
          case .linear, .conv: index == 2
          case .rmsNorm, .layerNorm: true
          default: false
          }
        guard !isWeight, graph.isOfMaps(operand) else { continue }
        for (map, site) in places(under: operand)
        where !homeless.contains(where: { $0.map == map && $0.site == site }) {
          homeless.append(.init(map: map, site: site, reason: reason(node)))
        }
      }
    }
    return homeless
  }

  /// Why weights do not take a node of a map.
  private func reason(_ left: Node) -> String {
    let isShift =
      switch left.op {
      case .affine: graph[left.inputs[1]].op == .constant(1)
      case .binary(.add): true
      default: false
      }
    switch left.op {
    case .affine, .binary(.add), .binary(.mul):
      return "no weight before or after it takes a \(isShift ? "shift" : "scale") there"
    default: return "weights take maps that are affine, and `\(left.op.mnemonic)` is left of it"
    }
  }

  /// What of a match has no home, and whether all of it is biases.
  private func homeless(
    _ match: CheckpointMatch, _ form: CheckpointForm, _ source: (Op) throws -> OwnedBytes
  ) throws -> ([BakeError.Homeless], Bool) {
    var homeless: [BakeError.Homeless] = []
    var dropsBiases = true
    func add(_ value: ValueID?, _ reason: String) {
      var places = value.map { self.places(under: $0) } ?? []
      if places.isEmpty { places = transports.prefix(1).map { ($0.name, $0.sites.first ?? "") } }
      // Without maps it is an adapter that does not fit.
      if places.isEmpty { places = [("lora", form.architecture)] }
      for (map, site) in places where !homeless.contains(where: { $0.map == map && $0.site == site }) {
        homeless.append(.init(map: map, site: site, reason: reason))
      }
    }
    for problem in match.problems {
      switch problem {
      case .noBias(let module, let value):
        if try isZero(value, source) { continue }
        add(
          value,
          "it needs a bias of \(module), and \(form.architecture) has none there that "
            + "\(options.loader.rawValue) reads")
      case .unreadBias(let module, let value):
        if try isZero(value, source) { continue }
        add(
          value,
          "it needs a bias of \(module), which \(options.loader.rawValue) does not read of "
            + form.architecture)
      case .shared(let tensor):
        dropsBiases = false
        add(
          match.tensors[tensor].flatMap { if case .value(let id) = $0 { id } else { nil } },
          "another layer reads the tensor \(tensor) too")
      case .structure(let module, let found):
        dropsBiases = false
        add(nil, "\(module) would have to be what it is not: found `\(found)`")
      }
    }
    let order = transports.flatMap { transport in transport.sites.map { (transport.name, $0) } }
    func place(_ part: BakeError.Homeless) -> Int { order.firstIndex { $0 == (part.map, part.site) } ?? 0 }
    return (homeless.sorted { place($0) < place($1) }, dropsBiases)
  }

  /// The maps and sites whose parameters a value is computed from.
  private func places(under value: ValueID) -> [(String, String)] {
    var places: [(String, String)] = []
    var seen: Set<ValueID> = []
    var pending = [value]
    while let id = pending.popLast() {
      // The match has added values that its own graph has.
      guard id.index < graph.valueBound, seen.insert(id).inserted else { continue }
      if case .mapParameter(let map, let site, _) = graph[id].op,
        !places.contains(where: { $0 == (map, site) })
      {
        places.append((map, site))
      }
      pending += graph[id].inputs
    }
    return places
  }

  /// Whether all numbers of a value are zero.
  private func isZero(_ value: ValueID, _ source: (Op) throws -> OwnedBytes) throws -> Bool {
    var isZero = true
    let program = CompileProgram(computing: value, of: graph, name: "shift")
    try evaluator.run(program, source: source) { _, bytes, _ in
      isZero = bytes.bytes.bindMemory(to: Float.self).allSatisfy { $0 == 0 }
    }
    return isZero
  }

  // MARK: The outcome

  func result(_ source: @escaping (Op) throws -> OwnedBytes, leftOut: [BakeError.Homeless]) -> BakedModel {
    guard let best else { preconditionFailure("solved before") }
    var added: [String: TensorType] = [:]
    for name in best.match.tensors.keys where model.checkpoint.info(of: name) == nil {
      added[name] = writtenType(name, best.form)
    }
    return BakedModel(
      model: model, options: options, form: best.form, graph: best.match.graph, tensors: best.match.tensors,
      addedTypes: added, leftOut: leftOut, source: source)
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
