import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ActStatistics

/// Fits maps from the samples of all shards of one round.
///
/// Samples enter in the order of the data set, whichever shard they are in, so that the map is the one that a single
/// process fits; one site is held in memory at a time, as a sketch where `options` allow too little for that.
///
/// - Parameters:
///   - shards: all shards of the round.
///   - fitted: the maps of the earlier rounds, as given to
///     ``collect(_:_:sites:after:options:dataHashes:output:progress:)``.
///   - options: method and support, memory and threads; what the samples are, the files say.
///   - progress: called after each site.
///   - note: called with what a user should know.
/// - Returns: the maps of this and the earlier rounds.
/// - Throws: `FitError` for shards that are missing or do not belong together, and samples that cannot be fitted.
package func solve(
  _ shards: [SampleFile], onto fitted: MapFile?, options: FitOptions,
  progress: (FitProgress) -> Void = { _ in },
  note: (String) -> Void = { _ in }
) throws -> MapFile {
  let header = try checkShards(shards, note: note)
  guard header.behind == fitted?.digest else {
    throw FitError(
      header.behind == nil
        ? "the samples are of the first round; there are no earlier maps"
        : "the samples of round \(header.round) were collected after other maps; give those that --after named then"
    )
  }
  if let fitted, fitted.modelFingerprint != header.modelFingerprint {
    throw FitError(
      "the earlier maps: model_fingerprint: expected \(header.modelFingerprint.prefix(16))…, as in the samples, "
        + "found \(fitted.modelFingerprint.prefix(16))…; give those that --after named then")
  }
  var options = options
  options.samples.described = header.samples
  try options.method.check(
    sourceCount: header.counts[Side.source.rawValue] ?? 0,
    targetCount: header.counts[Side.target.rawValue] ?? 0, header.samples.order, header.samples.pooling,
    options.support)
  if header.samples.pooling != options.method.requirements.pooling {
    note(
      "the samples were collected with --pooling \(header.samples.pooling.rawValue); \(options.method) asks for "
        + options.method.requirements.pooling.rawValue)
  }
  var file = try MapFile(fitOf: header.modelFingerprint, header.counts, options)
  file.dataHashes = header.dataHashes
  if let fitted {
    guard fitted.fit.method == file.fit.method, fitted.transport == file.transport else {
      let support = fitted.fit.support?.description ?? "all"
      throw FitError("expected \(fitted.fit.method.name) and \(support), as in the rounds before")
    }
    file.sites = fitted.sites
    file.meanShiftChannels = fitted.meanShiftChannels
  }

  for site in header.sites { try options.method.check(site.channels, named: site.name) }
  let rows = Dictionary(uniqueKeysWithValues: Side.allCases.map { ($0, Row.all(shards, $0)) })
  let counts = rows.mapValues(\.count)
  let memory = try FitMemory(
    options, weights: 0, groups: header.sites.map { [FitMemory.Load(width: $0.width, samples: counts)] },
    carries: false)
  if let capacity = memory.sketchCapacity {
    note(QuantileSketch.note(rows: counts.values.max() ?? 0, capacity: capacity))
  }
  let workers = ThreadPool(threads: options.samples.threads)
  var fits = try SiteFits(options, workers)
  for (index, site) in header.sites.enumerated() {
    let samples = SiteSamples(
      [(site.name, site.channels)], options, capacity: memory.sketchCapacity, workers)
    for side in Side.allCases {
      let parts = try shards.map { try $0.samples(site.name, side.rawValue) }
      for start in stride(from: 0, to: rows[side]!.count, by: Row.atATime) {
        var values: [Float] = []
        values.reserveCapacity(Row.atATime * site.width)
        for row in rows[side]![start...].prefix(Row.atATime) {
          values += parts[row.shard][row.row * site.width..<(row.row + 1) * site.width]
        }
        samples.observe(side, 0, values)
        values.withUnsafeBufferPointer {
          options.report?.observe(side, site.name, width: site.width, samples: $0)
        }
      }
    }
    try samples.fit(&fits, into: &file)
    progress(FitProgress(share: Double(index + 1) / Double(header.sites.count), site: site.name))
  }
  try fits.finish(into: &file)
  return file
}

/// Where a sample lies.
private struct Row {
  /// How many are handed on together.
  static let atATime = 4096

  var shard: Int
  var row: Int

  /// All rows of a side in the order of the data set.
  static func all(_ shards: [SampleFile], _ side: Side) -> [Row] {
    var rows: [(record: Int32, row: Row)] = []
    for (shard, file) in shards.enumerated() {
      for (row, record) in file.records(side.rawValue).enumerated() {
        rows.append((record, Row(shard: shard, row: row)))
      }
    }
    // A record lies in one shard.
    rows.sort { ($0.record, $0.row.row) < ($1.record, $1.row.row) }
    return rows.map(\.row)
  }
}

/// Checks that the files are all shards of one round; returns what they have in common.
private func checkShards(_ shards: [SampleFile], note: (String) -> Void) throws(FitError) -> SampleFile.Header
{
  guard let first = shards.first?.header else {
    throw FitError("expected the sample files of all shards, found none")
  }
  var numbers: [Int: String] = [:]
  for file in shards {
    let header = file.header
    if let (key, found, expected) = header.difference(from: first) {
      throw FitError(
        "\(file.path): \(key): expected \(expected), as in \(shards[0].path), found \(found); "
          + "collect all shards from one model and with the same options")
    }
    guard header.collection == first.collection, header.shard.count == first.shard.count,
      header.sites == first.sites,
      header.counts == first.counts, header.behind == first.behind
    else {
      throw FitError(
        "\(file.path): expected round \(first.round) of the same data, model, sites and shards as \(shards[0].path), "
          + "found round \(header.round), shard \(header.shard)")
    }
    if let other = numbers.updateValue(file.path, forKey: header.shard.number) {
      throw FitError("\(file.path): shard \(header.shard) is given twice, in \(other) too")
    }
    for side in Side.allCases {
      let found = Set(file.records(side.rawValue)).count
      let expected =
        (first.counts[side.rawValue]! + header.shard.count - header.shard.number) / header.shard.count
      guard found == expected else {
        throw FitError("\(file.path): expected \(expected) \(side.rawValue) records, found \(found)")
      }
    }
  }
  let missing = (1...first.shard.count).filter { numbers[$0] == nil }
  guard missing.isEmpty else {
    let names = missing.prefix(5).map(String.init).joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
    throw FitError("expected \(first.shard.count) shards, found \(shards.count); missing: \(names)")
  }
  let sets = Set(shards.map(\.header.instructionSet)).sorted()
  if sets.count > 1 {
    note(
      "the shards ran on different kernels, \(sets.joined(separator: " and ")): equal to rounding, not to the bit"
    )
  }
  return first
}

extension SampleFile.Header.Site {
  /// What a method is told of it.
  fileprivate var channels: SiteChannels { SiteChannels(width: width, heads: heads) }
}

extension SampleFile.Header {
  /// The first entry on model and options that differs from the one in `first`: its key, what it is here and there.
  fileprivate func difference(from first: Self) -> (key: String, found: String, expected: String)? {
    if modelFingerprint != first.modelFingerprint {
      return ("model_fingerprint", "\(modelFingerprint.prefix(16))…", "\(first.modelFingerprint.prefix(16))…")
    }
    return first.samples.difference(in: samples.entries)
  }
}
