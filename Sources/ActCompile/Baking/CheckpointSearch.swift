import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// The search for the checkpoint that holds a graph.
struct CheckpointSearch {
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
    for id in graph.order where times[id].isOfCall {
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
