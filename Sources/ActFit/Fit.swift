import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime

/// How far a fit is.
public struct FitProgress: Hashable, Sendable {
  /// 0 to 1.
  public var share: Double
  public var site: String
}

/// Fits a map at each of `sites` and returns the map file.
///
/// In causal order a site sees the activations that all earlier sites have transported at strength 1.
/// - Parameters:
///   - model: the model that the maps are for.
///   - data: the samples of both sides; none longer than the model's context.
///   - sites: in order of execution.
///   - options: method, order, pooling, support.
///   - progress: called after each batch.
/// - Returns: the map file, but for the hashes of the data.
/// - Throws: `FitError` for data that cannot be fitted, and what compiling and running the model throws.
public func fit(
  _ model: Model, _ data: PairedSequences, sites: [String], options: FitOptions,
  progress: (FitProgress) -> Void = { _ in }
) throws -> MapFile {
  for side in Side.allCases where data[side].isEmpty { throw FitError("no \(side.rawValue) samples") }
  let sequences = data.source + data.target
  let longest = sequences.map(\.tokens.count).max() ?? 0
  let skipped = options.scope.skippedPositions
  if let empty = sequences.first(where: { $0.tokens.count <= max(skipped, $0.pooledFrom) }) {
    throw FitError(
      "a sample of \(empty.tokens.count) tokens, of which the first \(max(skipped, empty.pooledFrom)) are left out"
    )
  }
  guard longest <= model.contextLength else {
    throw FitError("a sample of \(longest) tokens; the model's context is \(model.contextLength)")
  }
  let transport = try options.method.transport(options.support)
  var file = MapFile(
    method: options.method.name, methodVersion: options.method.version, transport: transport.description,
    parameterNames: transport.inputs.map { transport[$0].name }.filter { $0 != "x" && $0 != "strength" },
    modelFingerprint: model.fingerprint, sites: [])
  file.tokenScope = options.scope.description
  file.skipFirst = options.scope.skippedPositions
  file.support = options.support.description
  file.pooling = options.pooling.rawValue
  file.fitOrder = options.order.rawValue
  file.counts = ["source": data.source.count, "target": data.target.count]

  // Sites side by side do not see each other; with all on the bare model there is but one group.
  let groups = options.order == .causal ? model.graph.independentGroups(of: sites) : [sites]
  let segments = try SegmentedGraph(model.graph, at: groups)
  let limits = (rows: max(options.rows, longest), longest: longest)
  let batches = Batch.cut(data, rows: limits.rows)
  let store = try LiveStore(batches, width: segments.recordWidth)
  let workers = ThreadPool(threads: options.threads)
  for (index, segment) in segments.segments.enumerated() {
    let runner = try SegmentRunner(
      model, segment, fitted: file, options: options, limits: limits, workers: workers)
    let samples = SiteSamples(segment, options)
    for batch in batches {
      try runner.run(batch, store)
      runner.pool(batch) { site, values in samples.observe(batch.side, site, values) }
      let done = Double(index) + Double(batch.index + 1) / Double(batches.count)
      progress(FitProgress(share: done / Double(segments.segments.count), site: segment.sites[0]))
    }
    for (site, fit) in try samples.fit(workers) {
      file.sites.append(MapFile.Site(name: site.name, width: site.width, parameters: fit.parameters))
      file.gatedChannels[site.name] = fit.gatedChannels
    }
  }
  return file
}
