import ActIR
import ActStatistics

extension SteeringMethod {
  /// A method that is trained elsewhere, whose parameters come as map files; to fit it is an error that says how.
  ///
  /// - Parameters:
  ///   - name: what map files call it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form.
  ///   - advice: who trains it, and what makes map files of that.
  package init(
    _ name: String, version: String, summary: String, transport: String, trainedElsewhere advice: String
  ) {
    self.init(
      name, version: version, summary: summary, transport: transport,
      gathering: Gathering(
        byteCount: { _, _ in 0 },
        makeAccumulator: { _, _ in NoAccumulator(error: FitError("\(name) is trained elsewhere: \(advice)")) }
      ))
  }
}

/// Stands for samples that nobody fits.
private struct NoAccumulator: SiteAccumulator {
  let error: FitError

  func observe(_ side: Side, _ samples: [Float]) {}
  func merge(_ other: any SiteAccumulator) throws { throw error }
  func finish() throws -> SiteFit { throw error }
}
