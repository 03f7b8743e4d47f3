import ActIR

/// A steering method: how a map is fitted, and what it does to an activation.
///
/// A method knows one site at a time and nothing of positions, batches, caches, dtypes, folding or files.
public struct SteeringMethod: Sendable {
  public let name: String
  /// Raised when the meaning of the parameters changes.
  public let version: String
  /// One line that says what the method does.
  public let summary: String
  /// The transport function in the text form, `(%x: f32[T,D], parameters…, %strength: f32[]) -> y`.
  public let transport: String
  /// An accumulator for a site of `width` channels.
  public let makeAccumulator: @Sendable (_ width: Int) -> any SiteAccumulator
  /// The same where there are more samples than memory: it keeps a sketch of the samples' quantiles, of `capacity` rows
  /// a level. nil for a method that does not keep its samples.
  public let makeSketch: (@Sendable (_ width: Int, _ capacity: Int) -> any SiteAccumulator)?

  public init(
    _ name: String, version: String, summary: String, transport: String,
    makeAccumulator: @escaping @Sendable (_ width: Int) -> any SiteAccumulator,
    makeSketch: (@Sendable (_ width: Int, _ capacity: Int) -> any SiteAccumulator)? = nil
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.transport = transport
    self.makeAccumulator = makeAccumulator
    self.makeSketch = makeSketch
  }
}

/// One side of a pair of data sets.
public enum Side: String, Hashable, Sendable, CaseIterable {
  case source, target
}

/// Gathers the activation samples of one site, batch by batch, and fits its map.
public protocol SiteAccumulator: Sendable {
  /// Takes samples: row-major, `samples.count / width` of them.
  mutating func observe(_ side: Side, _ samples: [Float])

  /// The same, with channels spread over `loop` where that pays; the same result to the bit.
  mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop)

  /// Takes over what another accumulator of the same method and width has gathered after this one.
  mutating func merge(_ other: any SiteAccumulator) throws

  /// Fits the map.
  func finish() throws -> SiteFit

  /// Fits the map, with channels spread over `loop` where that pays; the same result to the bit.
  func finish(using loop: ConcurrentLoop) throws -> SiteFit
}

extension SiteAccumulator {
  public mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop) {
    observe(side, samples)
  }

  public func finish(using loop: ConcurrentLoop) throws -> SiteFit { try finish() }
}

/// A fitted map at one site.
public struct SiteFit: Hashable, Sendable {
  /// By name, `width` values each, as the transport function names them.
  public var parameters: [String: [Float]]
  /// How many channels had no spread to scale by, and took the mean shift alone.
  public var gatedChannels: Int

  public init(parameters: [String: [Float]], gatedChannels: Int) {
    self.parameters = parameters
    self.gatedChannels = gatedChannels
  }
}

/// A fit that cannot be made.
public struct FitError: Error, Hashable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}

/// Every method, one line each.
public let registeredMethods: [SteeringMethod] = [
  linearAct,
  gaussianAct,
  meanAct,
]
