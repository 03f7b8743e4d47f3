import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime

/// All samples on their way through a model: the graph cut at groups of sites, and the values that the samples carry
/// from one segment to the next.
final class SegmentedPass {
  let segments: [SegmentedGraph.Segment]
  let workers: ThreadPool
  private let model: Model
  private let options: SampleOptions
  private let report: FitReport?
  /// Whether the report takes single tokens too.
  private let reportsTokens: Bool
  private let limits: (rows: Int, longest: Int)
  private let batches: [Batch]
  private let store: LiveStore

  /// Prepares a pass of `data`, no sample of which is longer than `longest` tokens, through a graph cut at groups of
  /// sites; see `SegmentedGraph`.
  ///
  /// `carried` bytes are for the values between segments; what is beyond goes to a file beside the output. `report`
  /// takes all samples, with `reportsTokens` the source's single tokens too.
  init(
    _ model: Model, _ data: PairedSequences, at groups: [[String]], longest: Int, carried: Int,
    _ options: SampleOptions, report: FitReport? = nil, reportsTokens: Bool = false
  ) throws {
    let graph = try SegmentedGraph(model.graph, at: groups)
    segments = graph.segments
    limits = (max(options.rows, longest), longest)
    batches = Batch.cut(data, rows: limits.rows)
    store = try LiveStore(
      batches, width: graph.recordWidth, memory: carried,
      directory: options.output.map(AtomicFile.directory))
    workers = ThreadPool(threads: options.threads)
    self.model = model
    self.options = options
    self.report = report
    self.reportsTokens = reportsTokens
  }

  /// Takes all samples through a segment, the maps of `fitted` at the sites of earlier ones. Segments come in order.
  ///
  /// `progress` is called after each batch with the share of the segment that is done. `receive` takes a site's samples
  /// of one batch, row-major; without it only what the next segment reads is wanted.
  func run(
    _ index: Int, after fitted: MapFile?, progress: (Double) -> Void,
    receive: ((_ side: Side, _ site: Int, _ samples: [Float]) -> Void)?
  ) throws {
    let runner = try SegmentRunner(
      model, segments[index], fitted: fitted, options: options, limits: limits, report: report,
      reportsTokens: reportsTokens,
      workers: workers)
    for batch in batches {
      try runner.run(batch, store)
      if let receive { runner.pool(batch) { receive(batch.side, $0, $1) } }
      progress(Double(batch.index + 1) / Double(batches.count))
    }
  }
}

extension Model {
  /// Sites by the segments that a fit in `order` cuts: sites side by side do not see each other's transports; on the
  /// bare model no site does.
  func groups(of sites: [String], _ order: SampleOptions.Order) -> [[String]] {
    order == .causal ? graph.independentGroups(of: sites) : [sites]
  }
}
