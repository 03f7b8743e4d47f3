import ActFormats

/// A shard of the samples of both sides: every N-th of each.
package struct SampleShard: Sendable {
  package let part: SampleFile.Part
  package let samples: PairedSamples
  /// The samples of all shards, by the name of the side.
  package let counts: [String: Int]
  /// Digests that stand for the samples of all shards; nil for those of `whole`.
  private let digests: [String]
  private let whole: PairedSamples?

  /// A shard of samples that are all there.
  package init(_ part: SampleFile.Part, of data: PairedSamples) {
    self.part = part
    func every(_ side: [FitSample]) -> [FitSample] {
      part.indices(of: side.count).map { side[$0] }
    }
    samples = PairedSamples(source: every(data.source), target: every(data.target))
    counts = data.counts
    whole = data
    digests = []
  }

  /// A shard of samples of which only its own are there.
  package init(
    _ part: SampleFile.Part, _ samples: PairedSamples, counts: [String: Int], digests: [String]
  ) {
    self.part = part
    self.samples = samples
    self.counts = counts
    self.digests = digests
    whole = nil
  }

  /// The digest of all samples and of what else a result depends on.
  func fingerprint(_ arguments: [String]) -> String {
    if let whole { return whole.fingerprint(arguments) }
    return PairedSamples(source: [FitSample](), target: [FitSample]()).fingerprint(arguments + digests)
  }
}

extension SampleFile.Part {
  /// Which of `total` things it takes.
  func indices(of total: Int) -> [Int] { Array(stride(from: number - 1, to: total, by: count)) }
}
