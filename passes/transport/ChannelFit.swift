import ActIR
import ActStatistics

/// What a method that fits each channel on its own finds for one of them.
public struct ChannelFit: Sendable {
  /// One value of each of the transport function's parameters.
  public var parameters: [String: Double]
  /// Whether the channel had no spread to scale by and took the mean shift alone; nil for a method that never scales.
  public var takesMeanShift: Bool?
  /// What a selection among channels goes by, by name; see ``SiteFit/scores``.
  public var scores: [String: Double]

  /// The fit of one channel.
  public init(
    _ parameters: [String: Double], takesMeanShift: Bool? = nil, scores: [String: Double] = [:]
  ) {
    self.parameters = parameters
    self.takesMeanShift = takesMeanShift
    self.scores = scores
  }
}

extension SteeringMethod {
  /// Fits one channel from its samples of both sides.
  public typealias FitChannel =
    @Sendable (_ source: ChannelSamples.Channel, _ target: ChannelSamples.Channel, MethodSettings) ->
    ChannelFit

  /// A method that fits each channel on its own, from its samples of both sides, all of them or a sketch.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form; its parameters are `f32[D]`.
  ///   - data: what it wants of the samples.
  ///   - options: what can be chosen.
  ///   - fitChannel: returns one value for each of the function's parameters.
  public init(
    _ name: String, version: String, summary: String, transport: String,
    data: DataRequirements = DataRequirements(), options: [any AnyMethodOption] = [],
    fitChannel: @escaping FitChannel
  ) {
    @Sendable func accumulator(_ samples: ChannelSamples, _ settings: MethodSettings)
      -> ChannelwiseAccumulator
    {
      ChannelwiseAccumulator(method: name, samples) { fitChannel($0, $1, settings) }
    }
    self.init(
      name, version: version, summary: summary, transport: transport, data: data, options: options,
      gathering: Gathering(
        byteCount: { samples, width in samples.bytesOfFloats(times: width) },
        makeAccumulator: { accumulator(ChannelSamples(width: $0), $1) },
        makeSketch: { accumulator(ChannelSamples(width: $0, capacity: $1), $2) }))
  }
}

extension Int {
  /// The bytes of so many times `count` floats; the most there are where they overflow.
  package func bytesOfFloats(times count: Int) -> Int {
    let (floats, overflow) = multipliedReportingOverflow(by: count)
    let (bytes, overflows) = floats.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
    return overflow || overflows ? .max : bytes
  }
}

private struct ChannelwiseAccumulator: SiteAccumulator {
  private let method: String
  private var sides: SidePair<ChannelSamples>
  private let fitChannel: FitChannel

  typealias FitChannel =
    @Sendable (_ source: ChannelSamples.Channel, _ target: ChannelSamples.Channel) -> ChannelFit

  init(method: String, _ empty: ChannelSamples, fitChannel: @escaping FitChannel) {
    self.method = method
    sides = SidePair(empty)
    self.fitChannel = fitChannel
  }

  mutating func observe(_ side: Side, _ rows: [Float]) { sides[side].observe(rows) }

  mutating func observe(_ side: Side, _ rows: [Float], using loop: ConcurrentLoop) {
    sides[side].observe(rows, using: loop)
  }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? ChannelwiseAccumulator, other.method == method else {
      throw FitError("accumulators of different methods")
    }
    for side in Side.allCases {
      guard other.sides[side].capacity == sides[side].capacity else {
        throw FitError("accumulators of different accuracy")
      }
      sides[side].merge(other.sides[side])
    }
  }

  func finish() throws -> SiteFit { try finish(using: .serial) }

  func finish(using loop: ConcurrentLoop) throws -> SiteFit {
    for side in Side.allCases {
      if sides[side].count == 0 { throw FitError("no \(side.rawValue) samples") }
      if !sides[side].isFinite { throw FitError("an activation that is not finite") }
    }
    let (source, target) = (sides.source, sides.target)
    // At one address, so that several threads can write, each its own channels.
    let fits = UnsafeMutableBufferPointer<ChannelFit>.allocate(capacity: source.width)
    fits.initialize(repeating: ChannelFit([:]))
    defer { fits.deinitialize().deallocate() }
    ChannelSamples.forEachChannel(of: source, target, using: loop) { channel, samples in
      fits[channel] = fitChannel(samples[0], samples[1])
    }
    var parameters: [String: [Float]] = [:]
    var scores: [String: [Double]] = [:]
    for fit in fits {
      for (name, value) in fit.parameters { parameters[name, default: []].append(Float(value)) }
      for (name, value) in fit.scores { scores[name, default: []].append(value) }
    }
    let takesMeanShift = fits.compactMap(\.takesMeanShift)
    return SiteFit(
      parameters: parameters.mapValues { MapParameter($0) },
      meanShiftChannels: takesMeanShift.isEmpty ? nil : takesMeanShift.count { $0 }, scores: scores)
  }
}
