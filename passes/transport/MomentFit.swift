import ActIR
import ActStatistics

extension SteeringMethod {
  /// Fits a site from the means and covariances of both sides.
  public typealias FitMoments =
    @Sendable (_ source: SecondMoments, _ target: SecondMoments, MethodSettings) throws -> [String:
    MapParameter]

  /// A method that needs the samples' means and covariances; see `SecondMoments` of `ActStatistics` for how it holds them.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form.
  ///   - data: what it wants of the samples.
  ///   - options: what can be chosen.
  ///   - fitMoments: returns the function's parameters.
  public init(
    _ name: String, version: String, summary: String, transport: String,
    data: DataRequirements = DataRequirements(), options: [any AnyMethodOption] = [],
    fitMoments: @escaping FitMoments
  ) {
    self.init(
      name, version: version, summary: summary, transport: transport, data: data, options: options,
      gathering: Gathering(
        byteCount: { SecondMoments.byteCount(samples: $0, width: $1) },
        makeAccumulator: { width, settings in
          PairAccumulator(method: name, SecondMoments(width: width)) { source, target in
            SiteFit(parameters: try fitMoments(source, target, settings))
          }
        }))
  }
}

extension SecondMoments: GatheredSamples {}
