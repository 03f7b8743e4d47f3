import ActIR
import ActPasses
import ActRuntime

/// What the sites of a segment have gathered.
final class SiteSamples {
  private let sites: [(name: String, width: Int)]
  private var accumulators: [any SiteAccumulator]
  private var supports: [SupportAccumulator]
  private let options: FitOptions

  private let loop: ConcurrentLoop

  /// Gathers all samples, or with a `capacity` a sketch of them.
  init(
    _ segment: SegmentedGraph.Segment, _ options: FitOptions, capacity: Int?, _ workers: ThreadPool
  ) {
    loop = ConcurrentLoop { workers.loop($0, $1) }
    sites = segment.sites.map { site in
      (site, segment.graph.value(at: site).flatMap { segment.graph.type($0).shape.last?.fixed } ?? 0)
    }
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

  /// Fits every site's map.
  func fit() throws -> [(site: (name: String, width: Int), fit: SiteFit)] {
    try sites.enumerated().map { index, site in
      do {
        var fit = try accumulators[index].finish(using: loop)
        fit.parameters.merge(supports[index].finish(using: loop)) { $1 }
        return (site, fit)
      } catch let error as FitError {
        throw FitError("\(site.name): \(error)")
      }
    }
  }

  /// Measures a site's map where a report is wanted.
  func report(_ site: String, _ fit: SiteFit, _ workers: ThreadPool) throws {
    try options.report?.finish(site, fit, transport: options.method.transport(options.support), workers)
  }
}
