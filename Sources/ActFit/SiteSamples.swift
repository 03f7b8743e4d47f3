import ActFormats
import ActPasses
import ActRuntime
import ActStatistics

/// What sites that are fitted together have gathered.
final class SiteSamples {
  private let sites: [(name: String, width: Int)]
  private var accumulators: [any SiteAccumulator]
  private var supports: [SupportAccumulator]
  private let options: FitOptions
  private let workers: ThreadPool
  private let loop: ConcurrentLoop

  /// Gathers all samples, or with a `capacity` a sketch of them.
  init(
    _ sites: [(name: String, width: Int)], _ options: FitOptions, capacity: Int?, _ workers: ThreadPool
  ) {
    self.sites = sites
    self.workers = workers
    loop = ConcurrentLoop(workers)
    LinearAlgebra.threads = workers.threads
    accumulators = sites.map { site in
      capacity.flatMap { options.method.makeSketch?(site.width, $0) }
        ?? options.method.makeAccumulator(site.width)
    }
    self.options = options
    supports = sites.map { SupportAccumulator(options.support, width: $0.width, capacity: capacity) }
  }

  /// Takes samples of a site, by its index: row-major.
  func observe(_ side: Side, _ site: Int, _ samples: [Float]) {
    accumulators[site].observe(side, samples, using: loop)
    if side == .source { supports[site].observe(samples, using: loop) }
  }

  /// Fits every site's map, measures it where a report is wanted, and adds it to `file`.
  func fit(into file: inout MapFile) throws {
    for (index, site) in sites.enumerated() {
      do {
        var fit = try accumulators[index].finish(using: loop)
        fit.parameters.merge(supports[index].finish(using: loop)) { $1 }
        file.sites.append(MapFile.Site(name: site.name, width: site.width, parameters: fit.parameters))
        file.meanShiftChannels[site.name] = fit.meanShiftChannels
        try report(site.name, fit)
      } catch let error as FitError {
        throw FitError("\(site.name): \(error)")
      }
    }
  }

  /// Measures a site's map where a report is wanted.
  func report(_ site: String, _ fit: SiteFit) throws {
    try options.report?.finish(site, fit, transport: options.method.transport(options.support), workers)
  }
}
