import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// A segment of a model, compiled: takes batches of samples through it.
final class SegmentRunner {
  private let segment: SegmentedGraph.Segment
  private let engine: Engine
  private let workers: ThreadPool
  private let sites: [(name: String, width: Int)]
  private let pooling: SampleOptions.Pooling
  private let report: FitReport?
  /// Whether the report takes single tokens too.
  private let reportsTokens: Bool
  /// Positions at the start of a sequence that are neither transported nor pooled.
  private let skipped: Int
  /// The slot of transported rows; 0 where nothing is inserted.
  private var slot: Int32 = 0
  /// Sequences of the engine, used by one batch after another: a causal row reads what its own sequence wrote.
  private var sequences: [(id: Int32, capacity: Int)] = []
  private var rows: [Row] = []

  /// Compiles `segment` with the maps of `fitted` at the sites that it names.
  ///
  /// - Parameters:
  ///   - model: the model that is fitted.
  ///   - segment: the part of its graph.
  ///   - fitted: the map file so far.
  ///   - options: how activations become samples.
  ///   - limits: the most rows of a batch, and the tokens of the longest sample.
  ///   - report: takes all samples.
  ///   - reportsTokens: whether it takes the source's single tokens too.
  ///   - workers: the threads of all segments.
  /// - Throws: what compiling the segment throws.
  init(
    _ model: Model, _ segment: SegmentedGraph.Segment, fitted: MapFile?, options: SampleOptions,
    limits: (rows: Int, longest: Int), report: FitReport?, reportsTokens: Bool, workers: ThreadPool
  ) throws {
    var compile = CompileOptions()
    compile.passManager.verifiesEach = false
    compile.mergesLinears = false
    compile.weights = options.weights
    compile.lowering.maximumRows = limits.rows
    compile.lowering.contextLength = limits.longest
    var maps = MapSet()
    if var earlier = fitted {
      earlier.sites = earlier.sites.filter { segment.earlierSites.contains($0.name) }
      if !earlier.sites.isEmpty { try maps.add(fitted: earlier, name: "fitted") }
    }
    engine = try model.compile(segment.graph, maps, compile)
      .makeEngine(pool: workers, maximumSequences: limits.rows)
    engine.path = model.path
    // Transports are fitted as they act at full strength.
    if !maps.transports.isEmpty {
      try engine.setStrengths(Dictionary(uniqueKeysWithValues: engine.plan.dials.map { ($0, 1) }), slot: 1)
      slot = 1
    }
    self.segment = segment
    self.workers = workers
    sites = segment.sites.map { ($0, model.width(of: $0)) }
    pooling = options.pooling
    self.report = report
    self.reportsTokens = reportsTokens
    skipped = options.scope.skippedPositions
  }

  /// Takes a batch through the segment: what it reads comes from `store`, and what it writes goes there.
  func run(_ batch: Batch, _ store: LiveStore) throws {
    for value in segment.reads {
      guard let input = engine.input(value.name) else { throw FitError("no input `\(value.name)`") }
      try store.read(batch, value.columns, into: input)
    }
    try place(batch)
    try engine.step(rows, logitRows: engine.plan.limit("R") == nil ? .none : .all)
    for value in segment.writes {
      guard let result = engine.result(value.name) else { throw FitError("no result `\(value.name)`") }
      try store.write(batch, value.columns, from: result)
    }
  }

  /// Fills `rows` with the tokens of a batch.
  private func place(_ batch: Batch) throws {
    rows.removeAll(keepingCapacity: true)
    for (index, sample) in batch.samples.enumerated() {
      let length = sample.tokens.count
      if index == sequences.count {
        sequences.append((try engine.openSequence(capacity: length), length))
      } else if sequences[index].capacity < length {
        engine.closeSequence(sequences[index].id)
        sequences[index] = (try engine.openSequence(capacity: length), length)
      }
      let sequence = sequences[index].id
      for (position, token) in sample.tokens.enumerated() {
        rows.append(
          Row(
            token: token, position: Int32(position), sequence: sequence, slot: position < skipped ? 0 : slot))
      }
    }
  }

  /// Hands out the samples that the batch just run became, for each site of the segment: row-major.
  func pool(_ batch: Batch, receive: (_ site: Int, _ samples: [Float]) -> Void) {
    // For each sequence its first pooled row, how many there are, and its first sample.
    var parts: [(row: Int, count: Int, sample: Int)] = []
    var (row, sampleCount) = (0, 0)
    for sample in batch.samples {
      let first = max(skipped, sample.pooledFrom)
      let count = sample.tokens.count - first
      parts.append((row + first, count, sampleCount))
      sampleCount += pooling.sampleCount(tokens: count)
      row += sample.tokens.count
    }
    for (index, site) in sites.enumerated() {
      let values = engine.result(site.name)!
      let samples = [Float](unsafeUninitializedCapacity: sampleCount * site.width) { buffer, initialized in
        let out = buffer.baseAddress!
        workers.loop(parts.count) { part in
          let (row, count, sample) = parts[part]
          pooling.pool(
            values + row * site.width, count: count, width: site.width, into: out + sample * site.width)
        }
        initialized = sampleCount * site.width
      }
      if let report {
        samples.withUnsafeBufferPointer {
          report.observe(batch.side, site.name, width: site.width, samples: $0)
        }
        for (row, count, _) in parts where reportsTokens && batch.side == .source {
          let tokens = UnsafeBufferPointer(start: values + row * site.width, count: count * site.width)
          report.observe(tokens: tokens, site.name, width: site.width)
        }
      }
      receive(index, samples)
    }
  }
}
