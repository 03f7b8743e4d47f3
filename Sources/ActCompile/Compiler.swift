import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import ActText

/// Options of compiling a model.
package struct CompileOptions: Sendable {
  /// Dials frozen at a strength, by map name.
  package var frozen: [String: Float] = [:]
  /// The element type of the plan's matrices; nil keeps that of the checkpoint.
  package var weights: WeightType?
  /// Whether nodes are folded, merged and fused. If false, the graph runs as it is written.
  package var fuses = true
  /// Whether linear layers that read the same value become one layer. Its weights are copies of theirs, which does not
  /// pay for a plan that runs once.
  package var mergesLinears = true
  /// Whether moments of a map are taken from those of what it maps, where that saves a pass over an image. Off in fits,
  /// whose numbers must not depend on what else a plan computes.
  package var movesMoments = true
  package var lowering = LoweringOptions()
  package var passManager = PassManager()

  package init() {}
}

/// A compiled model that is not on disk yet: its plan, and how its tensors are computed.
package struct CompiledModel {
  package fileprivate(set) var plan: Plan
  /// What the plan was lowered from: the graph as the passes left it.
  let graph: Graph
  package let timings: [PassManager.Timing]
  private(set) var program: CompileProgram
  let checkpoint: Checkpoint
  let frozen: [String: Float]
  let source: (Op) throws -> OwnedBytes
  /// Keeps the leaves' memory.
  let owners: [AnyObject]
}

extension Model {
  /// Runs the pipeline over the model's graph with maps inserted, and lowers it.
  package func compile(
    _ maps: MapSet = MapSet(), _ options: CompileOptions = CompileOptions()
  ) throws -> CompiledModel {
    var compiled = try compile(graph, maps, options)
    compiled.plan.wires = wires
    return compiled
  }

  /// Runs the pipeline over a graph made from the model's, with other results or a part of it, and lowers it.
  package func compile(_ graph: Graph, _ maps: MapSet, _ options: CompileOptions) throws -> CompiledModel {
    var graph = graph
    if let name = options.frozen.keys.sorted().first(where: { name in !maps.files.contains { $0.name == name }
    }) {
      throw UsageError("cannot freeze `\(name)`: no map of that name")
    }
    let passes = pipeline(PipelineOptions(maps, options))
    let timings = try options.passManager.run(passes, on: &graph)
    var lowering = options.lowering
    lowering.contextLength = min(lowering.contextLength, contextLength)
    let (program, plan) = try lower(graph, lowering)
    return CompiledModel(
      plan: plan, graph: graph, timings: timings, program: program, checkpoint: checkpoint,
      frozen: options.frozen, source: tensorSource(maps),
      owners: [checkpoint, MapOwner(maps)])
  }

  /// The bytes of leaves: of the checkpoint's weights, of adapters, and of the parameters of maps.
  func tensorSource(_ maps: MapSet) -> (Op) throws -> OwnedBytes {
    let (checkpoint, adapters) = (checkpoint, adapters)
    return { op in
      switch op {
      case .weight(let name):
        if let elements = try adapters.elements(ofWeight: name) { return elements }
        if let tensor = checkpoint.tensor(named: name) {
          try checkpoint.checkFinite(tensor)
          return tensor.elements
        }
      case .mapParameter(let map, let site, let name):
        if let bytes = maps.bytes(map: map, site: site, name: name) { return OwnedBytes(bytes) }
      default: break
      }
      throw UsageError("no data for `\(op.mnemonic)`")
    }
  }
}

extension PipelineOptions {
  /// What `options` want of the pipeline for a model with `maps`.
  init(_ maps: MapSet, _ options: CompileOptions) {
    self.init()
    transports = maps.transports
    scores = maps.scores
    frozen = options.frozen
    weights = options.weights
    fuses = options.fuses
    mergesLinears = options.mergesLinears
    movesMoments = options.movesMoments
  }
}

private final class MapOwner {
  let maps: MapSet
  init(_ maps: MapSet) { self.maps = maps }
}

extension CompiledModel {
  /// Writes the plan file tensor by tensor, holding in memory only what one tensor needs and what later ones share with
  /// it.
  ///
  /// - Parameters:
  ///   - path: a file that appears only when the plan is complete.
  ///   - texts: what the plan is to know of texts.
  ///   - provenance: where the plan comes from.
  ///   - progress: receives the share of bytes written, 0 to 1.
  /// - Throws: `FileError` where the file cannot be written, and what computing its tensors throws.
  package func write(
    to path: String, texts: PlanTexts = PlanTexts(), provenance: JSON,
    progress: (Double) -> Void = { _ in }
  ) throws {
    try CompiledModel.write(
      [self], to: path, texts: texts, provenance: provenance, progress: progress)
  }

  /// Writes a plan file of several modules, in this order. Tensors that are computed alike are there once.
  package static func write(
    _ modules: [CompiledModel], to path: String, texts: PlanTexts = PlanTexts(),
    pipeline: PlanPipeline? = nil,
    provenance: JSON, progress: (Double) -> Void = { _ in }
  ) throws {
    let modules = wiringModules(sharingTensors(modules))
    let tensors = modules.flatMap(\.computedTensors)
    let total = tensors.reduce(0) { $0 + ($1.type.byteCount() ?? 0) }
    var written = 0
    try PlanFile.write(
      modules.map(\.plan), to: path, tensors: tensors, texts: texts, pipeline: pipeline,
      provenance: provenance
    ) { append in
      for module in modules {
        try module.computeTensors(ConstantEvaluator()) { name, value, _ in
          try append(name, value.bytes)
          written += value.bytes.count
          progress(total == 0 ? 1 : Double(written) / Double(total))
        }
      }
    }
  }

  /// Leaves out the wires from modules that are not there.
  private static func wiringModules(_ modules: [CompiledModel]) -> [CompiledModel] {
    var earlier: Set<String> = []
    return modules.map { module in
      var module = module
      module.plan.wires.removeAll { !$0.sources.allSatisfy { earlier.contains($0.module) } }
      earlier.insert(module.plan.name)
      return module
    }
  }

  /// Names the tensors of all modules so that those computed alike have one name, and others different ones; the first
  /// module that has a tensor computes it.
  private static func sharingTensors(_ modules: [CompiledModel]) -> [CompiledModel] {
    // Weights of one name in two checkpoints are two.
    var names: [ObjectIdentifier: [Int: String]] = [:]
    var tables: [ObjectIdentifier: [String: Int]] = [:]
    var taken: Set<String> = []
    return modules.map { module in
      var module = module
      let checkpoint = ObjectIdentifier(module.checkpoint)
      let recipes = module.program.recipes(&tables[checkpoint, default: [:]])
      var renamed: [String: String] = [:]
      var outputs: [(name: String, value: Int)] = []
      for (name, value) in module.program.outputs {
        if let known = names[checkpoint]?[recipes[value]] {
          renamed[name] = known
          continue
        }
        let own = taken.contains(name) ? "\(module.plan.name)/\(name)" : name
        taken.insert(own)
        names[checkpoint, default: [:]][recipes[value]] = own
        renamed[name] = own
        outputs.append((own, value))
      }
      module.program.outputs = outputs
      module.plan.renameConstants { renamed[$0] ?? $0 }
      return module
    }
  }

  /// The tensors that the program computes; several of the plan's constants may be one of them.
  private var computedTensors: [(name: String, type: TensorType)] {
    program.outputs.map { ($0.name, program.values[$0.value].type) }
  }

  /// Computes the plan's tensors one by one, and frees the memory of what each was computed from.
  private func computeTensors(
    _ evaluator: ConstantEvaluator,
    _ receive: (_ name: String, _ value: OwnedBytes, _ isLeaf: Bool) throws -> Void
  ) throws {
    var read: [String] = []
    let reading: (Op) throws -> OwnedBytes = { op in
      if case .weight(let name) = op { read.append(name) }
      return try source(op)
    }
    let types = Dictionary(uniqueKeysWithValues: computedTensors)
    try evaluator.run(program, source: reading) { name, value, isLeaf in
      if !isLeaf, let type = types[name] { try checkFinite(name, type, value.bytes) }
      try receive(name, value, isLeaf)
      for name in read { checkpoint.discardPages(of: name) }
      read.removeAll(keepingCapacity: true)
    }
  }

  /// Returns an engine for the plan. Its tensors are computed in memory; those of the checkpoint itself stay where they
  /// are.
  package func makeEngine(
    threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 2
  ) throws -> Engine {
    try makeEngine(
      pool: ThreadPool(threads: threads), maximumSequences: maximumSequences, maximumSlots: maximumSlots)
  }

  /// An engine for the plan as ``makeEngine(threads:maximumSequences:maximumSlots:)`` makes, with workers that others use too, in turn.
  package func makeEngine(
    pool: ThreadPool, maximumSequences: Int = 1, maximumSlots: Int = 2
  ) throws -> Engine {
    let tensors = ResidentTensors(owners: owners)
    try computeTensors(ConstantEvaluator(pool: pool)) { tensors.add($0, $1, isLeaf: $2) }
    return try Engine(
      plan: plan, owner: tensors, pool: pool, maximumSequences: maximumSequences, maximumSlots: maximumSlots
    ) { name in
      guard let address = tensors.addresses[name] else { throw UsageError("no tensor `\(name)`") }
      return address
    }
  }
}

/// The tensors of a plan in memory: copies of computed ones, and addresses of the checkpoint's own.
private final class ResidentTensors {
  private(set) var addresses: [String: UnsafeRawPointer] = [:]
  private var copies: [UnsafeMutableRawBufferPointer] = []
  private var owners: [AnyObject]

  init(owners: [AnyObject]) { self.owners = owners }

  func add(_ name: String, _ value: OwnedBytes, isLeaf: Bool) {
    let bytes = value.bytes
    if isLeaf {
      addresses[name] = bytes.baseAddress
      if let owner = value.owner { owners.append(owner) }
      return
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyMemory(from: bytes)
    copies.append(copy)
    addresses[name] = UnsafeRawPointer(copy.baseAddress!)
  }

  deinit { for copy in copies { copy.deallocate() } }
}
