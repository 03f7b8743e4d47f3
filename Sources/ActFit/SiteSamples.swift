import ActIR
import ActPasses
import ActRuntime

/// What the sites of a segment have gathered.
final class SiteSamples {
  private let sites: [(name: String, width: Int)]
  private var accumulators: [any SiteAccumulator]
  private var supports: [SupportAccumulator]
  private let options: FitOptions

  init(_ segment: SegmentedGraph.Segment, _ options: FitOptions) {
    sites = segment.sites.map { site in
      (site, segment.graph.value(at: site).flatMap { segment.graph.type($0).shape.last?.fixed } ?? 0)
    }
    accumulators = sites.map { options.method.makeAccumulator($0.width) }
    self.options = options
    supports = sites.map { SupportAccumulator(options.support, width: $0.width) }
  }

  /// Takes samples of a site, by its index: row-major.
  func observe(_ side: Side, _ site: Int, _ samples: [Float]) {
    accumulators[site].observe(side, samples)
    if side == .source { supports[site].observe(samples) }
  }

  /// Fits every site's map, with the method's channels spread over `workers`.
  func fit(_ workers: ThreadPool) throws -> [(site: (name: String, width: Int), fit: SiteFit)] {
    let loop = ConcurrentLoop { workers.loop($0, $1) }
    return try sites.enumerated().map { index, site in
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
