import ActIR
import ActPasses
import ActRuntime
import ActStatistics
import Synchronization

/// Measures a fit while it runs; give one in ``FitOptions/report`` and read ``sites`` when the fit is done.
///
/// Of every site that is being fitted it holds up to `limit` samples a side, and as many of the source's rows where
/// the support is bounded.
package final class FitReport: Sendable {
  private struct Samples {
    var pooled: [Side: EvenSample]
    var rows: EvenSample
  }

  /// Both sides and the source's rows.
  private static let bytesPerChannel = 3 * MemoryLayout<Float>.size

  /// The most samples a side.
  package let limit: Int
  private let samples = Mutex<[String: Samples]>([:])
  private let finished = Mutex<[FitSummary.Site]>([])

  /// Holds at most `limit` samples a side at each site.
  package init(limit: Int = 512) { self.limit = limit }

  /// Holds at most about `byteCount` bytes with sites of so many `channels` together being fitted at once.
  package convenience init(byteCount: Int, channels: Int) {
    self.init(limit: min(1024, max(32, byteCount / max(channels * Self.bytesPerChannel, 1))))
  }

  /// The bytes that sites of so many `channels` together take while they are fitted.
  func byteCount(channels: Int) -> Int {
    let (bytes, overflow) = (limit * Self.bytesPerChannel).multipliedReportingOverflow(by: channels)
    return overflow ? .max : bytes
  }

  /// The sites in the order in which they were fitted.
  package var sites: [FitSummary.Site] { finished.withLock { $0 } }

  /// Takes pooled samples of a site, row-major.
  func observe(_ side: Side, _ site: String, width: Int, samples values: UnsafeBufferPointer<Float>) {
    withSamples(site, width) { $0.pooled[side]!.observe(values) }
  }

  /// Takes single rows of the source at a site, row-major.
  func observe(rows values: UnsafeBufferPointer<Float>, _ site: String, width: Int) {
    withSamples(site, width) { $0.rows.observe(values) }
  }

  private func withSamples(_ site: String, _ width: Int, _ body: (inout Samples) -> Void) {
    samples.withLock { all in
      let empty = EvenSample(width: width, limit: limit)
      body(&all[site, default: Samples(pooled: [.source: empty, .target: empty], rows: empty)])
    }
  }

  /// Measures a site that was fitted, and lets go of its samples.
  func finish(_ site: String, _ fit: SiteFit, transport: Graph, _ workers: ThreadPool) throws {
    guard let samples = samples.withLock({ $0.removeValue(forKey: site) }) else { return }
    let (source, target) = (samples.pooled[.source]!, samples.pooled[.target]!)
    guard source.count > 0, target.count > 0 else { return }
    let (before, constant) = source.distance(to: target, using: ConcurrentLoop(workers))
    var summary = FitSummary.Site(
      name: site, width: source.width, meanShiftChannels: fit.meanShiftChannels, constantChannels: constant,
      before: before)
    if let evaluator = TransportEvaluator(transport, workers) {
      var moved = EvenSample(width: source.width, limit: source.count)
      try evaluator.transported(source.rows, width: source.width, fit.parameters).withUnsafeBufferPointer {
        moved.observe($0)
      }
      summary.after = moved.distance(to: target, using: ConcurrentLoop(workers)).distance
    }
    if let low = fit.parameters["low"], let high = fit.parameters["high"], samples.rows.count > 0 {
      summary.outsideShare = outsideShare(samples.rows, low.values, high.values)
    }
    finished.withLock { $0.append(summary) }
  }

  private func outsideShare(_ sample: EvenSample, _ low: [Float], _ high: [Float]) -> Double {
    let outside = sample.rows.enumerated().count { index, value in
      value < low[index % sample.width] || value > high[index % sample.width]
    }
    return Double(outside) / Double(sample.rows.count)
  }
}
