import ActFormats
import ActIR
import ActPasses
import ActRuntime

/// The fits of sites on their way into a map file: completed by those before them, selected together, checked, measured.
struct SiteFits {
  private let options: FitOptions
  private let functions: MapFunctions
  private let workers: ThreadPool
  /// The sites that wait for the others, which the method selects among.
  private var waiting: [(site: (name: String, width: Int), fit: SiteFit)] = []

  init(_ options: FitOptions, _ workers: ThreadPool) throws {
    self.options = options
    self.workers = workers
    functions = try options.method.functions(options.support, options.settings)
  }

  /// Takes the fit of a site, which comes after all sites before it, and moves it into `file` unless it has to wait.
  mutating func append(
    _ site: (name: String, width: Int), to file: inout MapFile, _ fit: () throws -> SiteFit
  ) throws {
    try naming(site.name) {
      var fit = try fit()
      if let follow = options.method.follow {
        let kind = SiteName(site.name).kind
        let earlier = file.sites.filter { SiteName($0.name).kind == kind && $0.width == site.width }
        try follow(&fit, earlier.map(\.parameters), options.settings)
      }
      if options.method.select == nil {
        try add(fit, at: site, to: &file)
      } else {
        waiting.append((site, fit))
      }
    }
  }

  /// Selects among the sites that wait, and moves them into `file`.
  mutating func finish(into file: inout MapFile) throws {
    guard let select = options.method.select else { return }
    var fits = waiting.map(\.fit)
    try select(&fits, options.settings)
    for ((site, _), fit) in zip(waiting, fits) { try naming(site.name) { try add(fit, at: site, to: &file) } }
    waiting = []
  }

  private func add(_ fit: SiteFit, at site: (name: String, width: Int), to file: inout MapFile) throws {
    try check(fit, width: site.width)
    file.sites.append(MapFile.Site(name: site.name, width: site.width, parameters: fit.parameters))
    file.meanShiftChannels[site.name] = fit.meanShiftChannels
    try report(site.name, fit)
  }

  /// Measures a site's map where a report is wanted.
  func report(_ site: String, _ fit: SiteFit) throws {
    try options.report?.finish(site, fit, transport: functions.transport, workers)
  }

  /// Puts a site's name before what is wrong there.
  private func naming(_ site: String, _ body: () throws -> Void) throws {
    do { try body() } catch let error as FitError { throw FitError("\(site): \(error)") }
  }

  /// Checks that a method gives the parameters that its functions declare, and finite ones.
  private func check(_ fit: SiteFit, width: Int) throws(FitError) {
    func failure(_ name: String, _ expected: String, _ found: String) -> FitError {
      FitError("\(options.method): %\(name): expected \(expected), found \(found)")
    }
    let types: [String: TensorType]
    do {
      types = try functions.parameterTypes(
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
}
