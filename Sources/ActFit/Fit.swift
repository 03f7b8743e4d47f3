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
/// The graph is cut at the sites. All samples go through one segment, the maps of its sites are fitted, and they enter
/// at the start of the next segment: in causal order a site sees the activations that all earlier sites have
/// transported at strength 1. Simultaneously fitted sites are one segment of the bare model.
///
/// - Parameters:
///   - model: the model that the maps are for.
///   - data: the samples of both sides; none longer than the model's context.
///   - sites: in order of execution.
///   - options: method, order, pooling, support, memory.
///   - progress: called after each batch.
///   - note: hears what a user should know: that a fit is resumed, or why not.
/// - Returns: the map file, but for the hashes of the data. Once it is written, ``removePartialFit(beside:)`` removes
///   what was kept for a resumption.
/// - Throws: `FitError` for data that cannot be fitted, `FileError` where nothing can be kept beside the output, and
///   what compiling and running the model throws.
public func fit(
  _ model: Model, _ data: PairedSequences, sites: [String], options: FitOptions,
  progress: (FitProgress) -> Void = { _ in }, note: (String) -> Void = { _ in }
) throws -> MapFile {
  let longest = try data.check(model, skippedPositions: options.scope.skippedPositions)
  // Sites side by side do not see each other; with all on the bare model there is but one group.
  let groups = options.order == .causal ? model.graph.independentGroups(of: sites) : [sites]
  let segments = try SegmentedGraph(model.graph, at: groups)
  let limits = (rows: max(options.rows, longest), longest: longest)
  let batches = Batch.cut(data, rows: limits.rows)
  let memory = try FitMemory(
    options.memory, weights: model.checkpoint.byteCount, channels: groups.map(model.channels).max() ?? 0,
    samples: data.sampleCounts(options), options)

  var file = try MapFile(fitOf: model, data, options)
  let partial = options.output.map { output in
    let accuracy = memory.sketchCapacity.map { "sketch \($0)" } ?? "exact"
    return PartialFit(
      beside: output, fingerprint: data.fingerprint(file, sites: sites, accuracy: accuracy))
  }
  if let capacity = memory.sketchCapacity {
    let levels = QuantileSketch.levelCount(
      rows: data.sampleCounts(options).values.max() ?? 0, capacity: capacity)
    let percent = (Double(levels) / Double(capacity) * 100_000).rounded(.up) / 1000
    note("more samples than memory holds: their quantiles are off by at most \(percent) % in rank")
  }
  var finished = 0
  if let earlier = partial?.resume(note: note) {
    finished = try file.take(earlier, groups)
    note("resuming after \(file.sites.count) of \(sites.count) sites")
  }
  // A report measures all sites, those that are finished too.
  if finished == groups.count, options.report == nil { return file }

  let store = try LiveStore(
    batches, width: segments.recordWidth, memory: memory.carried,
    directory: options.output.map(AtomicFile.directory))
  let workers = ThreadPool(threads: options.threads)
  for (index, segment) in segments.segments.enumerated() {
    let runner = try SegmentRunner(
      model, segment, fitted: file, options: options, limits: limits, workers: workers)
    // Of a segment that is finished only the values are wanted that the next one reads, and what the report measures.
    let isFinished = index < finished
    let samples = SiteSamples(segment, options, capacity: memory.sketchCapacity, workers)
    for batch in batches {
      try runner.run(batch, store)
      if !isFinished || options.report != nil {
        runner.pool(batch) { site, values in
          if !isFinished { samples.observe(batch.side, site, values) }
        }
      }
      let done = Double(index) + Double(batch.index + 1) / Double(batches.count)
      progress(FitProgress(share: done / Double(groups.count), site: segment.sites[0]))
    }
    if isFinished {
      for site in file.sites where segment.sites.contains(site.name) {
        let fit = SiteFit(
          parameters: site.parameters, gatedChannels: file.gatedChannels[site.name] ?? 0)
        try samples.report(site.name, fit, workers)
      }
      continue
    }
    for (site, fit) in try samples.fit() {
      file.sites.append(MapFile.Site(name: site.name, width: site.width, parameters: fit.parameters))
      file.gatedChannels[site.name] = fit.gatedChannels
      try samples.report(site.name, fit, workers)
    }
    try partial?.write(file)
  }
  return file
}

extension Model {
  /// The channels of some sites together.
  fileprivate func channels(_ names: [String]) -> Int {
    let names = Set(names)
    return sites.reduce(0) { names.contains($1.name) ? $0 + ($1.type.shape.last?.fixed ?? 0) : $0 }
  }
}

extension PairedSequences {
  /// How many samples each side becomes.
  fileprivate func sampleCounts(_ options: FitOptions) -> [Side: Int] {
    Dictionary(
      uniqueKeysWithValues: Side.allCases.map { side in
        let count = self[side].reduce(0) { count, sample in
          let first = max(options.scope.skippedPositions, sample.pooledFrom)
          return count + options.pooling.sampleCount(tokens: sample.tokens.count - first)
        }
        return (side, count)
      })
  }

  /// Checks that the samples can be fitted; returns the tokens of the longest.
  fileprivate func check(_ model: Model, skippedPositions skipped: Int) throws(FitError) -> Int {
    for side in Side.allCases where self[side].isEmpty { throw FitError("no \(side.rawValue) samples") }
    let sequences = source + target
    if let empty = sequences.first(where: { $0.tokens.count <= max(skipped, $0.pooledFrom) }) {
      throw FitError(
        "a sample of \(empty.tokens.count) tokens, of which the first \(max(skipped, empty.pooledFrom)) are left out"
      )
    }
    let longest = sequences.reduce(0) { max($0, $1.tokens.count) }
    guard longest <= model.contextLength else {
      throw FitError("a sample of \(longest) tokens; the model's context is \(model.contextLength)")
    }
    return longest
  }
}

extension MapFile {
  /// A file without sites yet, that says how they are fitted.
  fileprivate init(fitOf model: Model, _ data: PairedSequences, _ options: FitOptions) throws {
    let transport = try options.method.transport(options.support)
    self.init(
      method: options.method.name, methodVersion: options.method.version, transport: transport.description,
      parameterNames: transport.inputs.map { transport[$0].name }.filter { $0 != "x" && $0 != "strength" },
      modelFingerprint: model.fingerprint, sites: [])
    tokenScope = options.scope.description
    skipFirst = options.scope.skippedPositions
    support = options.support.description
    pooling = options.pooling.rawValue
    fitOrder = options.order.rawValue
    counts = ["source": data.source.count, "target": data.target.count]
  }

  /// Takes over the sites that an earlier run has finished; returns how many groups they are.
  fileprivate mutating func take(_ earlier: MapFile, _ groups: [[String]]) throws(FitError) -> Int {
    var finished = 0
    var count = 0
    while count < earlier.sites.count, finished < groups.count {
      let names = earlier.sites[count...].prefix(groups[finished].count).map(\.name)
      guard names == groups[finished] else { throw FitError("a partial fit of other sites") }
      count += names.count
      finished += 1
    }
    guard count == earlier.sites.count else { throw FitError("a partial fit of other sites") }
    sites = earlier.sites
    gatedChannels = earlier.gatedChannels
    return finished
  }
}
