import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime

/// Runs a shard of a data set through a model and writes its samples to a file, for ``solve(_:onto:options:progress:note:)``.
///
/// In causal order a round collects the samples of one group of sites, those after the sites of `fitted`, whose maps are
/// inserted; the shard runs through all segments up to there. In simultaneous order one round collects all.
///
/// - Parameters:
///   - model: the model that the maps are for.
///   - shard: its samples.
///   - sites: all sites of the fit, in order of execution.
///   - fitted: the maps of the earlier rounds; nil in the first.
///   - options: how activations become samples; all of them are kept in memory.
///   - dataHashes: SHA-256 of the data, by the name of the side.
///   - path: the file to write.
///   - progress: called after each batch.
/// - Returns: what the file says of itself.
/// - Throws: `FitError` for data or maps that do not fit, `FileError` where the file cannot be written, and what
///   compiling and running the model throws.
@discardableResult
package func collect(
  _ model: Model, _ shard: SampleShard, sites: [String], after fitted: MapFile?, options: SampleOptions,
  dataHashes: [String: String] = [:], output path: String,
  progress: (FitProgress) -> Void = { _ in }
) throws -> SampleFile.Header {
  let longest = try shard.samples.check(model, options, counts: shard.counts)
  let groups = model.groups(of: sites, options.order)
  if let fitted { try fitted.checkEarlierRounds(of: model, options) }
  let finished = try fitted?.finishedGroups(of: groups) ?? 0
  guard finished < groups.count else {
    throw FitError("all \(sites.count) sites are fitted; nothing is left to collect")
  }
  let round = SampleFile.Part(finished + 1, of: groups.count)!
  let rowsOfSites = try groups[finished].map { try model.rows(of: $0) }
  let wanted = rowsOfSites.map { SampleFile.Header.Site(name: $0.name, width: $0.width, heads: $0.heads) }

  let part = shard.samples
  let records = try part.records(of: shard.part, rowsOfSites, options)
  let rows = records.values.reduce(0) { $0 + $1.count }
  let (bytes, overflow) = rows.multipliedReportingOverflow(by: wanted.reduce(0) { $0 + $1.width } * 4)
  let memory = try FitMemory(
    collecting: overflow ? .max : bytes, options, weights: model.checkpoint.byteCount)
  let pass = try SegmentedPass(
    model, part, at: groups, longest: longest, carried: memory.carried, options)
  var samples = [[Side: [Float]]](repeating: [.source: [], .target: []], count: wanted.count)
  for index in 0...finished {
    let receive = { (side: Side, site: Int, values: [Float]) in samples[site][side]! += values }
    try pass.run(
      index, after: fitted,
      progress: {
        progress(FitProgress(share: (Double(index) + $0) / Double(finished + 1), site: groups[index][0]))
      },
      receive: index == finished ? receive : nil)
  }

  let digest = fitted?.digest
  var header = SampleFile.Header(
    shard: shard.part, round: round, sites: wanted, counts: shard.counts, modelFingerprint: model.fingerprint,
    options.described,
    collection: shard.fingerprint(
      ["act-samples 1", model.fingerprint, round.description, digest ?? ""] + options.identity + sites),
    instructionSet: Engine.instructionSet)
  header.dataHashes = dataHashes
  header.behind = digest
  try SampleFile.write(to: path, header, records: records) { samples[$0][Side(rawValue: $1)!]! }
  return header
}

extension Model {
  /// How many rounds a fit at `sites` takes, each collected and solved.
  package func rounds(at sites: [String], _ order: FitOrder) -> Int {
    groups(of: sites, order).count
  }
}

extension PairedSamples {
  /// For each row that the samples of a shard become at sites, its record's place in the data set.
  ///
  /// - Throws: `FitError` where the sites have different numbers of rows, and each is a sample.
  fileprivate func records(
    of shard: SampleFile.Part, _ sites: [SiteRows], _ options: SampleOptions
  ) throws(FitError) -> [String: [Int32]] {
    var records: [String: [Int32]] = [:]
    for side in Side.allCases {
      var rows: [Int32] = []
      for (index, sample) in self[side].enumerated() {
        let count = sites[0].sampleCount(sample, options)
        if let other = sites.first(where: { $0.sampleCount(sample, options) != count }) {
          throw FitError(
            "\(sites[0].name) and \(other.name) have \(count) and \(other.sampleCount(sample, options)) rows of a "
              + "record; with --pooling all, collect them one by one")
        }
        rows += [Int32](repeating: Int32(shard.number - 1 + index * shard.count), count: count)
      }
      records[side.rawValue] = rows
    }
    return records
  }
}

extension MapFile {
  /// Checks that the maps are of earlier rounds of a fit with these options.
  fileprivate func checkEarlierRounds(of model: Model, _ options: SampleOptions) throws(FitError) {
    guard options.order == .causal else {
      throw FitError("maps of earlier rounds belong to a causal fit; leave out --simultaneous")
    }
    let what = "the maps of earlier rounds"
    guard modelFingerprint == model.fingerprint else {
      throw FitError(
        "\(what): model_fingerprint: expected \(model.fingerprint.prefix(16))…, found \(modelFingerprint.prefix(16))…"
      )
    }
    if let (key, found, expected) = options.described.difference(in: fit.entries) {
      throw FitError("\(what): \(key): expected \(expected), found \(found)")
    }
  }

  /// A digest of what the maps do.
  var digest: String {
    var hash = SHA256()
    for text in [
      fit.method.name, fit.method.version, transport, fit.scope.description, "\(fit.scope.skippedPositions)",
    ] + fit.method.choices {
      hash.update("\(text.utf8.count) \(text)\n")
    }
    for site in sites {
      hash.update("\(site.name.utf8.count) \(site.name)\n")
      for name in parameterNames {
        guard let parameter = site.parameters[name] else { continue }
        // The usual shape stands for itself, as it did in versions that knew no other.
        if parameter.shape != [site.width] { hash.update("\(parameter.type)\n") }
        parameter.values.withUnsafeBytes { hash.update($0) }
      }
    }
    return hash.hex()
  }
}
