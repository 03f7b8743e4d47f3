import ActIR
import ActPasses
import ActStatistics
import Glibc

/// How a fit divides the memory that it may use.
package struct FitMemory: Hashable, Sendable {
  /// What a site gathers.
  package struct Load: Hashable, Sendable {
    package var width: Int
    /// The samples of each side.
    package var samples: [Side: Int]

    package init(width: Int, samples: [Side: Int]) {
      self.width = width
      self.samples = samples
    }

    var mostSamples: Int { samples.values.max() ?? 0 }
  }

  /// Bytes for the values that all samples carry between segments.
  private(set) var carried: Int
  /// Rows of a level of the sketches that stand for the samples; nil where all samples are kept.
  private(set) var sketchCapacity: Int?

  /// Bytes below which a fit could not hold the work of one batch.
  package static let least = 128 << 20

  /// Divides the bytes that `options` allow among the samples and what they carry. Of what `weights`, a batch and the
  /// report leave, at most half is the samples', all of it where nothing is carried; where they do not fit, sketches of
  /// them have to.
  ///
  /// - Parameters:
  ///   - options: says whether samples are kept at all.
  ///   - weights: bytes of the checkpoint.
  ///   - groups: the sites that are fitted together.
  ///   - carries: whether there is a segment to carry values to.
  /// - Throws: `FitError` where not even sketches fit.
  init(_ options: FitOptions, weights: Int, groups: [[Load]], carries: Bool) throws(FitError) {
    let budget = Self.budget(options.samples)
    let channels = groups.map { $0.reduce(0) { $0 + $1.width } }.max() ?? 0
    let report = options.report?.byteCount(channels: channels) ?? 0
    let rest = Self.rest(of: budget, weights: weights) - min(report, budget / 8)
    let most = carries ? rest / 2 : rest
    carried = rest
    // A bounded support keeps the source's samples too: the same ones, or a sketch of its own.
    let gathering = options.method.gathering
    let isSketchable = gathering.makeSketch != nil
    let bounded: [Side] = options.support == .all ? [] : [.source]
    func gathered(_ load: Load) -> Int {
      Self.sum(Side.allCases.map { gathering.byteCount(load.samples[$0]!, load.width) })
    }
    let wanted = Self.most(groups) { load in
      let ofSupport = isSketchable ? [] : bounded.map { load.samples[$0]!.bytesOfFloats(times: load.width) }
      return Self.sum([gathered(load)] + ofSupport)
    }
    if wanted <= most {
      carried -= wanted
      return
    }
    let sides = (isSketchable ? Side.allCases : []) + bounded
    let unsketched = isSketchable ? 0 : Self.most(groups, gathered)
    guard unsketched <= most else {
      throw FitError(
        "\(options.method) keeps \(unsketched) bytes of \(channels) channels, of which \(budget) in all leave \(most); "
          + "allow more with --memory, fit fewer sites together, or give fewer samples")
    }
    var capacity = Self.largestCapacity
    func bytes() -> Int {
      unsketched
        + Self.most(groups) { load in
          Self.sum(
            sides.map { side in
              QuantileSketch.byteCount(rows: load.samples[side]!, width: load.width, capacity: capacity)
            })
        }
    }
    while bytes() > most, capacity > Self.leastCapacity { capacity /= 2 }
    guard bytes() <= most else {
      throw FitError(
        "sketches of the samples of \(channels) channels take \(bytes()) bytes, of which \(budget) in all leave "
          + "\(most); allow more with --memory, or fit fewer sites together")
    }
    sketchCapacity = capacity
    carried -= bytes()
  }

  /// Divides the bytes that `options` allow where all samples are kept: `samples` bytes of them.
  ///
  /// - Throws: `FitError` where they do not fit.
  init(collecting samples: Int, _ options: SampleOptions, weights: Int) throws(FitError) {
    let budget = Self.budget(options)
    let rest = Self.rest(of: budget, weights: weights)
    guard samples <= rest / 2 else {
      throw FitError(
        "the samples take \(samples) bytes, of \(budget) allowed in all; use more shards, or more --memory")
    }
    carried = rest - samples
  }

  /// The bytes that `options` allow in all.
  static func budget(_ options: SampleOptions) -> Int {
    max(options.memory ?? physical / 2, least)
  }

  /// What is left of `budget` bytes: a quarter at most is left to the checkpoint, which is mapped, and 64 MiB to the
  /// work on a batch.
  private static func rest(of budget: Int, weights: Int) -> Int {
    budget - min(weights, budget / 4) - (64 << 20)
  }

  /// The most and the fewest rows of a sketch's level: of 100,000 samples a rank is off by 0.05 % and by 3.5 % at most.
  private static let largestCapacity = 1 << 13
  private static let leastCapacity = 1 << 8

  /// The bytes of the group that takes most, by those of a site.
  private static func most(_ groups: [[Load]], _ bytes: (Load) -> Int) -> Int {
    groups.map { sum($0.map(bytes)) }.max() ?? 0
  }

  private static func sum(_ terms: [Int]) -> Int {
    terms.reduce(0) { sum, term in
      let (next, overflow) = sum.addingReportingOverflow(term)
      return overflow ? .max : next
    }
  }

  private static func product(_ factors: Int...) -> Int {
    factors.reduce(1) { product, factor in
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      return overflow ? .max : next
    }
  }

  /// Bytes of the machine's memory.
  private static var physical: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
}
