/// What a method that fits each channel on its own finds for one of them.
public struct ChannelFit: Sendable {
  /// One value of each of the transport function's parameters.
  public var parameters: [String: Double]
  /// Whether the channel had no spread to scale by and took the mean shift alone; nil for a method that never scales.
  public var takesMeanShift: Bool?

  /// The fit of one channel.
  public init(_ parameters: [String: Double], takesMeanShift: Bool? = nil) {
    self.parameters = parameters
    self.takesMeanShift = takesMeanShift
  }
}

extension SteeringMethod {
  /// Fits one channel from its samples of both sides.
  public typealias FitChannel =
    @Sendable (_ source: ChannelSamples.Channel, _ target: ChannelSamples.Channel) -> ChannelFit

  /// A method that fits each channel on its own, from its samples of both sides, all of them or a sketch.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form; its parameters are `f32[D]`.
  ///   - fitChannel: returns one value for each of the function's parameters.
  public init(
    _ name: String, version: String, summary: String, transport: String,
    fitChannel: @escaping FitChannel
  ) {
    self.init(
      name, version: version, summary: summary, transport: transport,
      makeAccumulator: {
        ChannelwiseAccumulator(method: name, samples: ChannelSamples(width: $0), fitChannel: fitChannel)
      },
      makeSketch: {
        ChannelwiseAccumulator(
          method: name, samples: ChannelSamples(width: $0, capacity: $1), fitChannel: fitChannel)
      })
  }
}

private struct ChannelwiseAccumulator: SiteAccumulator {
  let method: String
  var samples: ChannelSamples
  let fitChannel: SteeringMethod.FitChannel

  mutating func observe(_ side: Side, _ rows: [Float]) { samples.observe(side, rows) }

  mutating func observe(_ side: Side, _ rows: [Float], using loop: ConcurrentLoop) {
    samples.observe(side, rows, using: loop)
  }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? ChannelwiseAccumulator, other.method == method else {
      throw FitError("accumulators of different methods")
    }
    try samples.merge(other.samples)
  }

  func finish() throws -> SiteFit { try finish(using: .serial) }

  func finish(using loop: ConcurrentLoop) throws -> SiteFit {
    try samples.checkCounts()
    // At one address, so that several threads can write, each its own channels.
    let fits = UnsafeMutableBufferPointer<ChannelFit>.allocate(capacity: samples.width)
    fits.initialize(repeating: ChannelFit([:]))
    defer { fits.deinitialize().deallocate() }
    samples.forEachChannel(using: loop) { channel, samples in
      fits[channel] = fitChannel(samples[.source]!, samples[.target]!)
    }
    var parameters: [String: [Float]] = [:]
    for fit in fits {
      for (name, value) in fit.parameters { parameters[name, default: []].append(Float(value)) }
    }
    let takesMeanShift = fits.compactMap(\.takesMeanShift)
    return SiteFit(
      parameters: parameters,
      meanShiftChannels: takesMeanShift.isEmpty ? nil : takesMeanShift.count { $0 })
  }
}
