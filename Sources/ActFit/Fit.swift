import ActCompile
import ActFormats
import ActIR
import ActPasses

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

  // Each group is fitted on the model with all groups before it in place.
  let groups = options.order == .causal ? sites.map { [$0] } : [sites]
  for (index, group) in groups.enumerated() {
    var maps = MapSet()
    var earlier = file
    let upstream = model.sites(upstreamOf: group)
    earlier.sites.removeAll { !upstream.contains($0.name) }
    if !earlier.sites.isEmpty { try maps.add(fitted: earlier, name: "fitted") }
    let collector = try ActivationCollector(
      model: model, maps: maps, sites: group, options: options, longest: longest)
    let fits = try fitSites(group, of: model, collector, data, options) { share in
      progress(FitProgress(share: (Double(index) + share) / Double(groups.count), site: group[0]))
    }
    for (site, (width, fit)) in zip(group, fits) {
      file.sites.append(MapFile.Site(name: site, width: width, parameters: fit.parameters))
      file.gatedChannels[site] = fit.gatedChannels
    }
  }
  return file
}

extension Model {
  /// The sites whose values those of `sites` are computed from. Of layers side by side, as `q_proj` and `k_proj`, none
  /// is upstream of the other.
  fileprivate func sites(upstreamOf sites: [String]) -> Set<String> {
    var part = graph
    part.removeResults()
    for site in sites {
      if let value = graph.value(at: site) { part.addResult(site, value) }
    }
    return Set(part.order.compactMap { part[$0].site }).subtracting(sites)
  }
}

private func fitSites(
  _ sites: [String], of model: Model, _ collector: ActivationCollector, _ data: PairedSequences,
  _ options: FitOptions, progress: (Double) -> Void
) throws -> [(width: Int, fit: SiteFit)] {
  let widths = sites.map { site in
    model.graph.value(at: site).flatMap { model.graph.type($0).shape.last?.fixed } ?? 0
  }
  var accumulators = widths.map { options.method.makeAccumulator($0) }
  var supports = widths.map { SupportAccumulator(options.support, width: $0) }
  let total = Double(data.source.count + data.target.count)
  var done = 0
  for side in Side.allCases {
    try collector.collect(data[side], progress: { progress(Double(done + $0) / total) }) { site, samples in
      accumulators[site].observe(side, samples)
      if side == .source { supports[site].observe(samples) }
    }
    done += data[side].count
  }
  return try zip(sites, widths).enumerated().map { index, site in
    do {
      var fit = try accumulators[index].finish()
      fit.parameters.merge(supports[index].finish()) { $1 }
      return (site.1, fit)
    } catch let error as FitError {
      throw FitError("\(site.0): \(error)")
    }
  }
}
