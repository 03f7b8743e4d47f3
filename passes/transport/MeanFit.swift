import ActIR

extension SteeringMethod {
  /// Fits a site from the mean of each side's samples, channel by channel.
  public typealias FitMeans =
    @Sendable (_ source: [Double], _ target: [Double]) throws -> [String: MapParameter]

  /// A method that needs no more of the samples than their means.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form.
  ///   - fitMeans: returns the function's parameters; the means are finite.
  public init(
    _ name: String, version: String, summary: String, transport: String, fitMeans: @escaping FitMeans
  ) {
    self.init(
      name, version: version, summary: summary, transport: transport,
      makeAccumulator: { MeanAccumulator(method: name, width: $0, fitMeans: fitMeans) })
  }
}

private struct MeanAccumulator: SiteAccumulator {
  private let method: String
  private let fitMeans: SteeringMethod.FitMeans
  private var sums: [Side: [Double]]
  private var counts: [Side: Int] = [.source: 0, .target: 0]

  init(method: String, width: Int, fitMeans: @escaping SteeringMethod.FitMeans) {
    self.method = method
    self.fitMeans = fitMeans
    let zeros = [Double](repeating: 0, count: width)
    sums = [.source: zeros, .target: zeros]
  }

  mutating func observe(_ side: Side, _ rows: [Float]) {
    let width = sums[side]!.count
    for (index, value) in rows.enumerated() { sums[side]![index % width] += Double(value) }
    counts[side]! += rows.count / width
  }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? MeanAccumulator, other.method == method else {
      throw FitError("accumulators of different methods")
    }
    for side in Side.allCases {
      for channel in sums[side]!.indices { sums[side]![channel] += other.sums[side]![channel] }
      counts[side]! += other.counts[side]!
    }
  }

  func finish() throws -> SiteFit {
    SiteFit(parameters: try fitMeans(try mean(.source), try mean(.target)))
  }

  private func mean(_ side: Side) throws(FitError) -> [Double] {
    guard counts[side]! > 0 else { throw FitError("no \(side.rawValue) samples") }
    let mean = sums[side]!.map { $0 / Double(counts[side]!) }
    guard mean.allSatisfy({ Float($0).isFinite }) else { throw FitError("an activation that is not finite") }
    return mean
  }
}
