import ActCompile
import ActFit
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// Fits as the definition says, with the whole model run from the tokens for every group of sites: the oracle.
///
/// Samples are means over tokens. In causal order a site is fitted on the model with the maps of all sites upstream of it; one sample a step.
package func naiveFit(
  _ model: Model, _ data: PairedSamples, sites: [String], options: FitOptions
) throws -> MapFile {
  let transport = try options.method.transport(options.support, options.settings)
  var file = MapFile(
    FitDescription(.init(options.method.name, version: options.method.version)),
    transport: transport.description,
    parameterNames: transport.inputs.map { transport[$0].name }.filter { $0 != "x" && $0 != "strength" },
    modelFingerprint: model.fingerprint, sites: [])
  file.fit.scope.skippedPositions = options.samples.scope.skippedPositions
  for group in options.samples.order == .causal ? sites.map({ [$0] }) : [sites] {
    var earlier = file
    let upstream = upstreamSites(of: group, in: model.graph.exposing(sites))
    earlier.sites.removeAll { !upstream.contains($0.name) }
    var fits = try fitSites(group, of: model, steeredBy: earlier, data, options)
    try options.method.select?(&fits, options.settings)
    for (site, fit) in zip(group, fits) {
      var fit = fit
      let width = try model.rows(of: site).width
      let alike = file.sites.filter { SiteName($0.name).kind == SiteName(site).kind && $0.width == width }
      try options.method.follow?(&fit, alike.map(\.parameters), options.settings)
      file.sites.append(MapFile.Site(name: site, width: width, parameters: fit.parameters))
    }
  }
  return file
}

/// The sites whose values those of `sites` are computed from.
private func upstreamSites(of sites: [String], in graph: Graph) -> Set<String> {
  var part = graph
  part.removeResults()
  for site in sites { if let value = graph.value(at: site) { part.addResult(site, value) } }
  return Set(part.order.compactMap { part[$0].site }).subtracting(sites)
}

private func fitSites(
  _ sites: [String], of model: Model, steeredBy earlier: MapFile, _ data: PairedSamples,
  _ options: FitOptions
) throws -> [SiteFit] {
  let whole = model.graph.exposing(sites + earlier.sites.map(\.name))
  var graph = whole
  graph.removeResults()
  for site in sites {
    guard let value = whole.value(at: site) else { throw UsageError("no site `\(site)`") }
    graph.addResult(site, value)
  }
  let rows = try sites.map { try model.rows(of: $0) }
  let widths = rows.map(\.width)
  var maps = MapSet()
  if !earlier.sites.isEmpty { try maps.add(fitted: earlier, name: "fitted") }
  var compile = CompileOptions()
  compile.mergesLinears = false
  compile.movesMoments = false
  compile.weights = options.samples.weights
  compile.lowering.maximumRows = max(1, (data.source + data.target).map(\.rowCount).max() ?? 1)
  let engine = try model.compile(graph, maps, compile).makeEngine(threads: options.samples.threads)
  if !engine.plan.dials.isEmpty { try engine.setStrengths(["fitted": 1], slot: 1) }
  let slot: Int32 = engine.plan.dials.isEmpty ? 0 : 1

  var accumulators = rows.map {
    options.method.gathering.makeAccumulator(SiteChannels(width: $0.width, heads: $0.heads), options.settings)
  }
  var supports = widths.map { SupportAccumulator(options.support, width: $0) }
  let skipped = options.samples.scope.skippedPositions
  for (side, samples) in [(Side.source, data.source), (.target, data.target)] {
    for sample in samples {
      let slots = (0..<sample.rowCount).map { $0 < skipped ? 0 : slot }
      if model.keepsSequences {
        try engine.runSequence(sample, slots)
      } else {
        try engine.runEntry(sample, slots, slot: slot)
      }
      for (index, site) in sites.enumerated() {
        let values = engine.result(site)!
        let (first, last) =
          switch rows[index].symbol {
          case "T": (max(skipped, sample.pooledFrom), sample.rowCount)
          case "R" where model.keepsSequences: (max(skipped, sample.pooledFrom), sample.rowCount)
          case let symbol: (0, sample.size.count(symbol))
          }
        let pooled = first * rows[index].rowsPerSymbol..<last * rows[index].rowsPerSymbol
        let means = (0..<widths[index]).map { channel in
          Float(
            pooled.reduce(0.0) { $0 + Double(values[$1 * widths[index] + channel]) } / Double(pooled.count))
        }
        accumulators[index].observe(side, means)
        if side == .source { supports[index].observe(means) }
      }
    }
  }
  return try sites.indices.map { index in
    var fit = try accumulators[index].finish()
    fit.parameters.merge(supports[index].finish()) { $1 }
    return fit
  }
}

extension Engine {
  /// Runs a text whose keys and values are cached.
  fileprivate func runSequence(_ sample: FitSample, _ slots: [Int32]) throws {
    let sequence = try openSequence(capacity: sample.rowCount)
    defer { closeSequence(sequence) }
    let rows = sample.tokens.enumerated().map { position, token in
      Row(token: token, position: Int32(position), sequence: sequence, slot: slots[position])
    }
    try step(rows, logitRows: plan.limit("R") == nil ? .none : .all)
  }

  /// Runs an entry alone.
  fileprivate func runEntry(_ sample: FitSample, _ slots: [Int32], slot: Int32) throws {
    if let input = plan.inputs.first(where: { $0.role == .token }), let target = integers(input.name) {
      for (row, token) in sample.tokens.enumerated() { target[row] = token }
    }
    if let given = sample.given {
      for input in given.inputs {
        input.write(given.indices(input.symbol), to: self)
      }
    }
    try step(entries: [sample.size], slots: [slot], rowSlots: sample.rowCount > 0 ? slots : nil)
  }
}
