import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ActStatistics

/// How far a fit is.
package struct FitProgress: Hashable, Sendable {
  /// 0 to 1.
  package var share: Double
  package var site: String
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
///   - note: called with what a user should know: that a fit is resumed, or why not.
/// - Returns: the map file, but for the hashes of the data. Once it is written, ``removePartialFit(beside:)`` removes
///   what was kept for a resumption.
/// - Throws: `FitError` for data that cannot be fitted, `FileError` where nothing can be kept beside the output, and
///   what compiling and running the model throws.
package func fit(
  _ model: Model, _ data: PairedSamples, sites: [String], options: FitOptions,
  progress: (FitProgress) -> Void = { _ in }, note: (String) -> Void = { _ in }
) throws -> MapFile {
  let longest = try data.check(model, options.samples)
  try options.method.check(
    sourceCount: data.source.count, targetCount: data.target.count, options.samples.order,
    options.samples.pooling, options.support)
  let groups = model.groups(of: sites, options.samples.order)
  let rows = try groups.map { try $0.map { try model.rows(of: $0) } }
  for site in rows.joined() { try options.method.check(site.channels, named: site.name) }
  let loads = rows.map { $0.map { data.load($0, options.samples) } }
  let memory = try FitMemory(
    options, weights: model.checkpoint.byteCount, groups: loads, carries: groups.count > 1)
  if let capacity = memory.sketchCapacity {
    note(QuantileSketch.note(rows: loads.joined().map(\.mostSamples).max() ?? 0, capacity: capacity))
  }

  var file = try MapFile(fitOf: model.fingerprint, data.counts, options)
  let partial = options.samples.output.map { output in
    PartialFit(
      beside: output,
      fingerprint: data.fingerprint(
        [
          "act-fit 2", file.modelFingerprint, file.fit.method.name, file.fit.method.version,
          file.transport + (file.score ?? ""),
        ] + file.fit.method.choices + [
          options.support.description,
          memory.sketchCapacity.map { "sketch \($0)" } ?? "exact", Engine.instructionSet,
        ] + options.samples.identity + sites), siteCount: sites.count)
  }
  partial?.announce(keptSites: 0)
  // An error alone says nothing of what is kept where nothing is.
  defer { if file.sites.isEmpty { Farewell.set(nil) } }
  var finished = 0
  if let earlier = partial?.resume(note: note) {
    finished = try file.take(earlier, groups)
    partial?.announce(keptSites: file.sites.count)
    note("resuming after \(file.sites.count) of \(sites.count) sites")
  }
  // A report measures all sites, those that are finished too.
  if finished == groups.count, options.report == nil { return file }

  let pass = try SegmentedPass(
    model, data, at: groups, longest: longest, carried: memory.carried, options.samples,
    report: options.report, reportsRows: options.support != .all)
  var fits = try SiteFits(options, pass.workers)
  for (index, group) in groups.enumerated() {
    // Of a segment that is finished only the values are wanted that the next one reads, and what the report measures.
    let isFinished = index < finished
    let samples = SiteSamples(
      rows[index].map { ($0.name, $0.channels) }, options, capacity: memory.sketchCapacity, pass.workers)
    let receive = { (side: Side, site: Int, values: [Float]) in
      if !isFinished { samples.observe(side, site, values) }
    }
    try pass.run(
      index, after: file,
      progress: { progress(FitProgress(share: (Double(index) + $0) / Double(groups.count), site: group[0])) },
      receive: isFinished && options.report == nil ? nil : receive)
    if isFinished {
      for site in file.sites where group.contains(site.name) {
        let meanShift = file.meanShiftChannels[site.name]
        try fits.report(site.name, SiteFit(parameters: site.parameters, meanShiftChannels: meanShift))
      }
    } else {
      try samples.fit(&fits, into: &file)
      try fits.finish(into: &file)
      try partial?.write(file)
    }
  }
  return file
}

extension PairedSamples {
  /// The samples of each side by its name.
  package var counts: [String: Int] { ["source": source.count, "target": target.count] }

  /// The samples that a site gets of each side.
  package func load(_ site: SiteRows, _ options: SampleOptions) -> FitMemory.Load {
    FitMemory.Load(
      width: site.width,
      samples: Dictionary(
        uniqueKeysWithValues: Side.allCases.map { side in
          (side, self[side].reduce(0) { $0 + site.sampleCount($1, options) })
        }))
  }

  /// Checks that the samples can be fitted, of all of which there are `counts`; returns the rows of the longest.
  func check(
    _ model: Model, _ options: SampleOptions, counts: [String: Int]? = nil
  ) throws(FitError) -> Int {
    let counts = counts ?? self.counts
    for side in Side.allCases where counts[side.rawValue] == 0 {
      throw FitError("no \(side.rawValue) samples")
    }
    guard model.hasRows else {
      guard options.scope == .all else {
        throw FitError("images have no tokens to leave out; expected the scope all, without --skip-first")
      }
      return 1
    }
    let samples = source + target
    if let empty = samples.first(where: { $0.rowCount <= $0.firstPooled(options) }) {
      throw FitError(
        "a sample of \(empty.rowCount) tokens, of which the first \(empty.firstPooled(options)) are left out")
    }
    // A shard may have none.
    let longest = samples.reduce(1) { max($0, $1.rowCount) }
    guard longest <= model.contextLength else {
      throw FitError("a sample of \(longest) tokens; the model's context is \(model.contextLength)")
    }
    return longest
  }
}

extension QuantileSketch {
  /// What a user should know of a sketch that takes the place of samples.
  static func note(rows: Int, capacity: Int) -> String {
    let levels = levelCount(rows: rows, capacity: capacity)
    let percent = (Double(levels) / Double(capacity) * 100_000).rounded(.up) / 1000
    return "more samples than memory holds: their quantiles are off by at most \(percent) % in rank"
  }
}

extension MapFile {
  /// A file without sites yet, that says how they are fitted.
  init(fitOf modelFingerprint: String, _ counts: [String: Int], _ options: FitOptions) throws {
    let functions = try options.method.functions(options.support, options.settings)
    self.init(
      options.described, transport: functions.transport.description, parameterNames: functions.parameterNames,
      modelFingerprint: modelFingerprint, sites: [])
    score = functions.score?.description
    self.counts = counts
    if let share = options.method.requirements.heldOut {
      heldOut = counts.mapValues { HeldOut(share, of: $0).places.count }
    }
  }

  /// Takes over the sites that an earlier run has finished; returns how many groups they are.
  mutating func take(_ earlier: MapFile, _ groups: [[String]]) throws(FitError) -> Int {
    let finished = try earlier.finishedGroups(of: groups)
    sites = earlier.sites
    meanShiftChannels = earlier.meanShiftChannels
    return finished
  }

  /// How many of `groups` the file's sites are, from the first on.
  func finishedGroups(of groups: [[String]]) throws(FitError) -> Int {
    var finished = 0
    var count = 0
    while count < sites.count, finished < groups.count {
      let names = sites[count...].prefix(groups[finished].count).map(\.name)
      guard names == groups[finished] else { break }
      count += names.count
      finished += 1
    }
    guard count == sites.count else { throw FitError("the maps so far are for other sites") }
    return finished
  }
}
