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
  /// Whether the report takes single rows too.
  private let reportsRows: Bool
  private let limits: (batch: Batch.Limits, longest: Int)
  private let batches: [Batch]
  private let store: LiveStore

  /// Prepares a pass of `data`, no sample of which has more than `longest` rows, through a graph cut at groups of
  /// sites; see `SegmentedGraph`.
  ///
  /// `carried` bytes are for the values between segments; what is beyond goes to a file beside the output. `report`
  /// takes all samples, with `reportsRows` the source's single rows too.
  init(
    _ model: Model, _ data: PairedSamples, at groups: [[String]], longest: Int, carried: Int,
    _ options: SampleOptions, report: FitReport? = nil, reportsRows: Bool = false
  ) throws {
    let graph = try SegmentedGraph(model.graph.exposing(groups.joined()), at: groups)
    segments = graph.segments
    let image = data.source.map(\.size.image).max() ?? 0
    limits = (
      model.batchLimits(
        rows: max(options.rows, longest),
        imageRows: max(image, data.target.map(\.size.image).max() ?? 0, options.rows)), longest
    )
    batches = Batch.cut(data, limits.batch)
    store = try LiveStore(
      batches, widths: graph.recordWidths, choosesAll: model.keepsSequences, memory: carried,
      directory: options.output.map(AtomicFile.directory))
    workers = ThreadPool(threads: options.threads)
    self.model = model
    self.options = options
    self.report = report
    self.reportsRows = reportsRows
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
      reportsRows: reportsRows, workers: workers)
    for batch in batches {
      try runner.run(batch, store)
      if let receive { runner.pool(batch) { receive(batch.side, $0, $1) } }
      progress(Double(batch.index + 1) / Double(batches.count))
    }
  }
}

extension Model {
  /// The most of a batch of so many rows of each kind: of images no more than keep the largest value of the graph in bounds.
  func batchLimits(rows: Int, imageRows: Int) -> Batch.Limits {
    let entryBytes = graph.order.lazy.map { graph.type($0) }
      .filter { $0.shape.first == .symbol("B") }
      .compactMap(\.elementsPerSymbol).max().map { $0 * MemoryLayout<Float>.size }
    return Batch.Limits(
      rows: rows, imageRows: imageRows, entries: entryBytes.map { max(1, min(64, (64 << 20) / $0)) } ?? rows)
  }

  /// Sites by the segments that a fit in `order` cuts: sites side by side do not see each other's transports; on the
  /// bare model no site does.
  func groups(of sites: [String], _ order: FitOrder) -> [[String]] {
    order == .causal ? graph.exposing(sites).independentGroups(of: sites) : [sites]
  }
}
