import ActIR
import ActStatistics

extension SteeringMethod {
  /// Fits a site from samples of both sides, a share of which is held out to score the fit by.
  typealias FitSplit =
    @Sendable (_ source: SplitSamples, _ target: SplitSamples, SiteChannels, MethodSettings) throws -> SiteFit

  /// A method that holds samples out, the share that `data` says.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form.
  ///   - data: what it wants of the samples.
  ///   - options: what can be chosen.
  ///   - fitSplit: returns the function's parameters, and scores by the samples held out.
  init(
    _ name: String, version: String, summary: String, transport: String, data: DataRequirements,
    options: [any AnyMethodOption] = [], fitSplit: @escaping FitSplit
  ) {
    guard let share = data.heldOut else { preconditionFailure("\(name): no share to hold out") }
    var gathering = Gathering(
      byteCount: { samples, width in samples.bytesOfFloats(times: width) },
      makeAccumulatorAt: { site, settings in
        PairAccumulator(method: name, SampleRows(width: site.width)) { source, target in
          guard source.count > 1, target.count > 1 else {
            throw FitError(
              "expected at least 2 source and target samples, of which some are held out, found \(source.count) and "
                + "\(target.count)")
          }
          return try fitSplit(
            SplitSamples(source.matrix, heldOut: share), SplitSamples(target.matrix, heldOut: share), site,
            settings)
        }
      })
    gathering.holdsOut = true
    self.init(
      name, version: version, summary: summary, transport: transport, data: data, options: options,
      gathering: gathering)
  }
}
