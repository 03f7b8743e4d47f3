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
  private let sites: [SiteRows]
  private let options: SampleOptions
  private let report: FitReport?
  /// Whether the report takes single rows too.
  private let reportsRows: Bool
  /// Whether samples are sequences of rows, whose keys and values are cached, or whole entries.
  private let keepsSequences: Bool
  /// Whether the row of a text that is chosen is its last.
  private let choosesEndings: Bool
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
  ///   - limits: the most of a batch, and the rows of the longest sample.
  ///   - report: takes all samples.
  ///   - reportsRows: whether it takes the source's single rows too.
  ///   - workers: the threads of all segments.
  /// - Throws: what compiling the segment throws, and `FitError` for one that cannot run on samples.
  init(
    _ model: Model, _ segment: SegmentedGraph.Segment, fitted: MapFile?, options: SampleOptions,
    limits: (batch: Batch.Limits, longest: Int), report: FitReport?, reportsRows: Bool, workers: ThreadPool
  ) throws {
    var compile = CompileOptions()
    compile.passManager.verifiesEach = false
    compile.mergesLinears = false
    compile.movesMoments = false
    compile.weights = options.weights
    compile.lowering.maximumRows = limits.batch.rows
    compile.lowering.maximumImageRows = limits.batch.imageRows
    compile.lowering.maximumEntries = limits.batch.entries
    compile.lowering.contextLength = limits.longest
    var maps = MapSet()
    if var earlier = fitted {
      earlier.sites = earlier.sites.filter { segment.earlierSites.contains($0.name) }
      if !earlier.sites.isEmpty { try maps.add(fitted: earlier, name: "fitted") }
    }
    keepsSequences = model.keepsSequences
    choosesEndings = model.graph.declaredInputs.contains { $0.role == .ending }
    engine = try model.compile(segment.graph, maps, compile)
      .makeEngine(pool: workers, maximumSequences: keepsSequences ? limits.batch.entries : 1)
    engine.path = model.path
    // Transports are fitted as they act at full strength.
    if !maps.transports.isEmpty {
      try engine.setStrengths(Dictionary(uniqueKeysWithValues: engine.plan.dials.map { ($0, 1) }), slot: 1)
      slot = 1
    }
    self.segment = segment
    self.workers = workers
    sites = try segment.sites.map { site throws(FitError) in try model.rows(of: site) }
    self.options = options
    self.report = report
    self.reportsRows = reportsRows
    if keepsSequences, let input = model.graph.declaredInputs.first(where: { $0.role.isOfWholeEntries }) {
      throw FileError.unsupported(
        model.path, input.name, "fitting is not supported where rows of sequences have more than tokens")
    }
    // What chooses among the rows of a call would have to count from the start of the batch.
    for input in engine.plan.inputs where input.role.isGiven && input.type.dtype == .i32 {
      guard engine.plan.bound(ofInput: input.name).symbols.isEmpty else {
        throw FileError.unsupported(
          model.path, input.name, "fitting is not supported where an input chooses among the rows of a call")
      }
    }
  }

  /// Takes a batch through the segment: what it reads comes from `store`, and what it writes goes there.
  func run(_ batch: Batch, _ store: LiveStore) throws {
    for value in segment.reads {
      guard let input = engine.input(value.name) else { throw FitError("no input `\(value.name)`") }
      try store.read(batch, value, into: input)
    }
    if keepsSequences { try runSequences(batch) } else { try runEntries(batch) }
    for value in segment.writes {
      guard let result = engine.result(value.name) else { throw FitError("no result `\(value.name)`") }
      try store.write(batch, value, from: result)
    }
  }

  /// Runs the texts of a batch as sequences of rows.
  private func runSequences(_ batch: Batch) throws {
    rows.removeAll(keepingCapacity: true)
    for (index, sample) in batch.samples.enumerated() {
      let length = sample.rowCount
      if index == sequences.count {
        sequences.append((try engine.openSequence(capacity: length), length))
      } else if sequences[index].capacity < length {
        engine.closeSequence(sequences[index].id)
        sequences[index] = (try engine.openSequence(capacity: length), length)
      }
      let sequence = sequences[index].id
      for (position, token) in sample.tokens.enumerated() {
        rows.append(
          Row(token: token, position: Int32(position), sequence: sequence, slot: slot(ofRow: position)))
      }
    }
    try engine.step(rows, logitRows: engine.plan.limit("R") == nil ? .none : .all)
  }

  /// Runs the samples of a batch as whole entries.
  private func runEntries(_ batch: Batch) throws {
    let tokens = engine.plan.inputs.first { $0.role == .token }.flatMap { engine.integers($0.name) }
    var (place, rowSlots) = (EntrySize(), [Int32]())
    for (index, sample) in batch.samples.enumerated() {
      if let tokens {
        for (offset, token) in sample.tokens.enumerated() { tokens[place.text + offset] = token }
      }
      if let given = sample.given {
        for input in given.inputs {
          input.write(
            given.indices(input.symbol), to: engine,
            at: input.symbol == "B" ? index : place.count(input.symbol))
        }
      }
      place = place + sample.size
      if slot > 0 { rowSlots += (0..<sample.rowCount).map(slot(ofRow:)) }
    }
    // A part that begins where rows are chosen has one of each text.
    let startsChosen = engine.plan.limit("T") == nil && engine.plan.limit("R") != nil
    try engine.step(
      entries: batch.samples.map(\.size),
      slots: batch.samples.map { sample in
        startsChosen ? slot(ofRow: choosesEndings ? sample.rowCount - 1 : 0) : slot
      },
      rowSlots: slot > 0 ? rowSlots : nil)
  }

  /// The first positions of a sequence may be left as they are.
  private func slot(ofRow position: Int) -> Int32 { position < options.scope.skippedPositions ? 0 : slot }

  /// Hands out the samples that the batch just run became, for each site of the segment: row-major.
  func pool(_ batch: Batch, receive: (_ site: Int, _ samples: [Float]) -> Void) {
    for (index, site) in sites.enumerated() {
      let values = engine.result(site.name)!
      // For each entry its first pooled row, how many there are, and its first sample.
      var parts: [(row: Int, count: Int, sample: Int)] = []
      var (first, sampleCount) = (0, 0)
      for sample in batch.samples {
        let pooled = site.pooled(sample, options)
        let count = pooled.count * site.rowsPerSymbol
        parts.append(((first + pooled.lowerBound) * site.rowsPerSymbol, count, sampleCount))
        sampleCount += options.pooling.sampleCount(rows: count)
        first += site.count(of: sample)
      }
      let samples = [Float](unsafeUninitializedCapacity: sampleCount * site.width) { buffer, initialized in
        let out = buffer.baseAddress!
        workers.loop(parts.count) { part in
          let (row, count, sample) = parts[part]
          options.pooling.pool(
            values + row * site.width, count: count, width: site.width, into: out + sample * site.width)
        }
        initialized = sampleCount * site.width
      }
      if let report {
        samples.withUnsafeBufferPointer {
          report.observe(batch.side, site.name, width: site.width, samples: $0)
        }
        for (row, count, _) in parts where reportsRows && batch.side == .source {
          let rows = UnsafeBufferPointer(start: values + row * site.width, count: count * site.width)
          report.observe(rows: rows, site.name, width: site.width)
        }
      }
      receive(index, samples)
    }
  }
}
