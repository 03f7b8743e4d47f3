import ActFormats
import ActIR
import ActPasses
import Glibc

/// What a fit has finished, kept beside its output as `OUTPUT.partial`, so that a fit that was killed goes on from the
/// last finished segment.
///
/// The file is a map file of the finished sites, with the fingerprint of the fit: everything that its result depends
/// on. Values carried between segments are not kept; they are computed again from the maps.
package struct PartialFit {
  package let path: String
  private let unfinished: MapFile.Unfinished

  init(beside output: String, fingerprint: String, siteCount: Int) {
    path = Self.path(beside: output)
    unfinished = MapFile.Unfinished(fingerprint: fingerprint, siteCount: siteCount)
  }

  /// Where a fit with this output keeps what it has finished.
  package static func path(beside output: String) -> String { output + MapFile.unfinishedSuffix }

  /// The finished sites of an earlier run of this fit; nil where there was none. `note` is called for a file that is of
  /// no use: one of another fit, or a damaged one.
  func resume(note: (String) -> Void) -> MapFile? {
    guard access(path, F_OK) == 0 else { return nil }
    do {
      let file = try MapFile(reading: path, allowsUnfinished: true)
      if file.unfinished?.fingerprint == unfinished.fingerprint { return file }
      note("\(path) is of a fit with other arguments, data or model; starting anew")
    } catch {
      note("\(error); starting anew")
    }
    return nil
  }

  /// Keeps the sites finished so far; whatever ends the process then says so.
  func write(_ file: MapFile) throws(FileError) {
    var file = file
    file.unfinished = unfinished
    try file.write(to: path, durably: false)
    announce(keptSites: file.sites.count)
  }

  /// Lets whatever ends the process from now on say what is kept, and how to go on.
  func announce(keptSites count: Int) {
    let total = unfinished.siteCount.map { " of \($0)" } ?? ""
    Farewell.set(
      count == 0
        ? "no site is kept yet; the same command starts anew"
        : "\(count)\(total) sites are kept in \(path); run the same command to go on")
  }
}

/// Removes what a fit kept beside its output while it ran, once the output is written.
package func removePartialFit(beside output: String) throws(FileError) {
  let path = PartialFit.path(beside: output)
  guard unlink(path) == 0 || errno == ENOENT else {
    throw FileError(path, nil, "cannot remove: \(String(cString: strerror(errno)))")
  }
  Farewell.set(nil)
}

extension SampleOptions {
  /// What the samples depend on beside model and data.
  var identity: [String] {
    [
      described.order.rawValue, described.pooling.rawValue, described.scope.description,
      "\(described.scope.skippedPositions)",
      weights?.rawValue ?? "as stored",
    ] + (described.steps == .all ? [] : [described.steps.description])
      + (described.prompts.map { [$0.json.description] } ?? [])
  }
}

extension PairedSamples {
  /// The digest of the samples and of what else a result depends on.
  func fingerprint(_ arguments: [String]) -> String {
    var hash = SHA256()
    for text in arguments { hash.update("\(text.utf8.count) \(text)\n") }
    for side in [source, target] {
      hash.update("\(side.count) samples\n")
      for sample in side {
        hash.update("\(sample.tokens.count) \(sample.pooledFrom)\n")
        sample.tokens.withUnsafeBytes { hash.update($0) }
        if let given = sample.given { hash.update("\(given.digest) \(given.entry)\n") }
      }
    }
    return hash.hex()
  }
}
