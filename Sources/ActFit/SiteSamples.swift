import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ActStatistics

/// What sites that are fitted together have gathered.
final class SiteSamples {
  private let sites: [(name: String, channels: SiteChannels)]
  private var accumulators: [any SiteAccumulator]
  private var supports: [SupportAccumulator]
  private let loop: ConcurrentLoop

  /// Gathers all samples, or with a `capacity` a sketch of them.
  init(
    _ sites: [(name: String, channels: SiteChannels)], _ options: FitOptions, capacity: Int?,
    _ workers: ThreadPool
  ) {
    self.sites = sites
    loop = ConcurrentLoop(workers)
    LinearAlgebra.threads = workers.threads
    let gathering = options.method.gathering
    accumulators = sites.map { site in
      capacity.flatMap { gathering.makeSketch?(site.channels.width, $0, options.settings) }
        ?? gathering.makeAccumulator(site.channels, options.settings)
    }
    supports = sites.map {
      SupportAccumulator(options.support, width: $0.channels.width, capacity: capacity)
    }
  }

  /// Takes samples of a site, by its index: row-major.
  func observe(_ side: Side, _ site: Int, _ samples: [Float]) {
    accumulators[site].observe(side, samples, using: loop)
    if side == .source { supports[site].observe(samples, using: loop) }
  }

  /// Fits every site, and adds it to `file` by way of `fits`.
  func fit(_ fits: inout SiteFits, into file: inout MapFile) throws {
    for (index, site) in sites.enumerated() {
      try fits.append((site.name, site.channels.width), to: &file) {
        var fit = try accumulators[index].finish(using: loop)
        fit.parameters.merge(supports[index].finish(using: loop)) { $1 }
        return fit
      }
    }
  }
}
