import ActIR

extension SteeringMethod {
  /// Fits a site from the mean of each side's samples, channel by channel.
  public typealias FitMeans =
    @Sendable (_ source: [Double], _ target: [Double], MethodSettings) throws -> [String: MapParameter]

  /// A method that needs no more of the samples than their means.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form.
  ///   - data: what it wants of the samples.
  ///   - options: what can be chosen.
  ///   - fitMeans: returns the function's parameters; the means are finite.
  public init(
    _ name: String, version: String, summary: String, transport: String,
    data: DataRequirements = DataRequirements(), options: [any AnyMethodOption] = [],
    fitMeans: @escaping FitMeans
  ) {
    self.init(
      name, version: version, summary: summary, transport: transport, data: data, options: options,
      gathering: Gathering(
        byteCount: { _, width in width * MemoryLayout<Double>.size },
        makeAccumulator: { width, settings in
          PairAccumulator(method: name, SampleSum(width: width)) { source, target in
            SiteFit(parameters: try fitMeans(source.mean, target.mean, settings))
          }
        }))
  }
}

/// The sum of samples, channel by channel.
private struct SampleSum: GatheredSamples {
  private var sums: [Double]
  private(set) var count = 0

  init(width: Int) { sums = [Double](repeating: 0, count: width) }

  mutating func observe(_ samples: [Float]) {
    let width = sums.count
    for (index, value) in samples.enumerated() { sums[index % width] += Double(value) }
    count += samples.count / width
  }

  mutating func merge(_ other: SampleSum) {
    for channel in sums.indices { sums[channel] += other.sums[channel] }
    count += other.count
  }

  var mean: [Double] { sums.map { $0 / Double(count) } }
  /// Whether the mean is, as a float too.
  var isFinite: Bool { mean.allSatisfy { Float($0).isFinite } }
}
