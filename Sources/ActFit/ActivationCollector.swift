import ActCompile
import ActIR
import ActLowering
import ActPasses
import ActRuntime

/// Runs sequences through a model and hands out the activations at some of its sites, pooled.
///
/// The plan ends at the last of the sites: what comes after them is not computed.
struct ActivationCollector {
  private let engine: Engine
  private let sites: [(name: String, width: Int)]
  private let pooling: FitOptions.Pooling
  private let maximumRows: Int
  /// Positions at the start of a sequence that are neither transported nor pooled.
  private let skipped: Int

  /// Compiles `model`, with `maps` inserted, up to `sites`.
  init(model: Model, maps: MapSet, sites: [String], options: FitOptions, longest: Int) throws {
    var graph = model.graph
    var widths: [(String, Int)] = []
    let values = sites.map { graph.value(at: $0) }
    graph.removeResults()
    for (site, value) in zip(sites, values) {
      guard let value, let width = graph.type(value).shape.last?.fixed else {
        throw UsageError("the model has no site `\(site)`")
      }
      graph.addResult(site, value)
      widths.append((site, width))
    }
    var compile = CompileOptions()
    compile.passManager.verifiesEach = false
    compile.mergesLinears = false
    maximumRows = max(options.rows, longest)
    compile.lowering.maximumRows = maximumRows
    compile.lowering.contextLength = max(longest, 1)
    engine = try model.compile(graph, maps, compile).makeEngine(
      threads: options.threads, maximumSequences: maximumRows)
    self.sites = widths
    pooling = options.pooling
    skipped = options.scope.skippedPositions
    // Transports are fitted as they act at full strength.
    if !maps.transports.isEmpty {
      try engine.setStrengths(Dictionary(uniqueKeysWithValues: engine.plan.dials.map { ($0, 1) }), slot: 1)
      slot = 1
    }
  }

  private var slot: Int32 = 0

  /// Runs `sequences` in batches without padding; `receive` gets each batch's samples for each site, row-major.
  func collect(
    _ sequences: [FitSequence], progress: (Int) -> Void, receive: (_ site: Int, _ samples: [Float]) -> Void
  ) throws {
    var start = 0
    while start < sequences.count {
      var end = start
      var rowCount = 0
      while end < sequences.count, rowCount + sequences[end].tokens.count <= maximumRows {
        rowCount += sequences[end].tokens.count
        end += 1
      }
      try run(sequences[start..<end], receive)
      start = end
      progress(end)
    }
  }

  private func run(_ batch: ArraySlice<FitSequence>, _ receive: (Int, [Float]) -> Void) throws {
    var rows: [Row] = []
    var open: [Int32] = []
    defer { for sequence in open { engine.closeSequence(sequence) } }
    for tokens in batch.lazy.map(\.tokens) {
      let sequence = try engine.openSequence(capacity: tokens.count)
      open.append(sequence)
      for (position, token) in tokens.enumerated() {
        rows.append(
          Row(
            token: token, position: Int32(position), sequence: sequence, slot: position < skipped ? 0 : slot))
      }
    }
    try engine.step(rows, logitRows: 0..<Int32(rows.count))
    for (index, site) in sites.enumerated() {
      var samples: [Float] = []
      var next = engine.result(site.name)!
      for sequence in batch {
        let first = max(skipped, sequence.pooledFrom)
        let count = sequence.tokens.count - first
        let size = pooling.sampleCount(tokens: count) * site.width
        samples += [Float](unsafeUninitializedCapacity: size) { buffer, initialized in
          pooling.pool(
            next + first * site.width, count: count, width: site.width, into: buffer.baseAddress!)
          initialized = size
        }
        next += sequence.tokens.count * site.width
      }
      receive(index, samples)
    }
  }
}
