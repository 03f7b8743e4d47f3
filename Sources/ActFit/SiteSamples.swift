import ActFormats
import ActIR
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
    let transport = try options.method.transport(options.support)
    for (index, site) in sites.enumerated() {
      do {
        var fit = try accumulators[index].finish(using: loop)
        fit.parameters.merge(supports[index].finish(using: loop)) { $1 }
        try check(fit, width: site.width, transport)
        file.sites.append(MapFile.Site(name: site.name, width: site.width, parameters: fit.parameters))
        file.meanShiftChannels[site.name] = fit.meanShiftChannels
        try report(site.name, fit)
      } catch let error as FitError {
        throw FitError("\(site.name): \(error)")
      }
    }
  }

  /// Checks that a method gives the parameters that its function declares, and finite ones.
  private func check(_ fit: SiteFit, width: Int, _ transport: Graph) throws(FitError) {
    func failure(_ name: String, _ expected: String, _ found: String) -> FitError {
      FitError("\(options.method): %\(name): expected \(expected), found \(found)")
    }
    let types: [String: TensorType]
    do {
      types = try transport.parameterTypes(
        at: TensorType(.f32, [.symbol("T"), .fixed(width)]), shapes: fit.parameters.mapValues(\.shape))
    } catch {
      throw failure(error.parameter, error.expected, error.found)
    }
    for name in types.keys.sorted() where fit.parameters[name] == nil {
      throw failure(name, "\(types[name]!)", "nothing")
    }
    for (name, parameter) in fit.parameters.sorted(by: { $0.key < $1.key }) {
      guard types[name] != nil else { throw failure(name, "no such parameter", "\(parameter.type)") }
      if let value = parameter.values.first(where: { !$0.isFinite }) {
        throw failure(name, "finite numbers", "\(value)")
      }
    }
  }

  /// Measures a site's map where a report is wanted.
  func report(_ site: String, _ fit: SiteFit) throws {
    try options.report?.finish(site, fit, transport: options.method.transport(options.support), workers)
  }
}
