import ActErrors
import ActIR
import ActStatistics

/// A steering method: how a map is fitted, and what it does to an activation.
///
/// A method knows one site at a time and nothing of positions, batches, caches, dtypes, folding or files.
public struct SteeringMethod: Sendable {
  /// The name that `--method` takes and map files carry.
  public let name: String
  /// Raised when the meaning of the parameters changes.
  public let version: String
  /// One line that says what the method does.
  public let summary: String
  /// The transport function in the text form, `(%x: f32[T,D], parameters…, %strength: f32[]) -> y`.
  public let transport: String
  /// Makes an accumulator for a site of `width` channels.
  public let makeAccumulator: @Sendable (_ width: Int) -> any SiteAccumulator
  /// Makes an accumulator for a site with more samples than fit into memory: it keeps a sketch of their quantiles, of
  /// `capacity` rows a level. nil for a method that does not keep its samples.
  public let makeSketch: (@Sendable (_ width: Int, _ capacity: Int) -> any SiteAccumulator)?

  /// A method that gathers samples as it likes; see ``init(_:version:summary:transport:fitChannel:)`` for one that fits
  /// each channel on its own.
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

extension SteeringMethod: CustomStringConvertible {
  /// The method's name.
  public var description: String { name }
}

/// One side of a pair of data sets.
public enum Side: String, Hashable, Sendable, CaseIterable {
  /// The behaviour to leave.
  case source
  /// The behaviour to reach.
  case target
}

/// Gathers the activation samples of one site, batch by batch, and fits its map.
public protocol SiteAccumulator: Sendable {
  /// Takes samples: row-major, `samples.count / width` of them.
  mutating func observe(_ side: Side, _ samples: [Float])

  /// Takes samples as ``observe(_:_:)`` does, to the bit, with channels spread over `loop` where that pays.
  mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop)

  /// Adds what another accumulator of the same method and width has gathered; its samples follow this one's.
  mutating func merge(_ other: any SiteAccumulator) throws

  /// Fits the map.
  func finish() throws -> SiteFit

  /// Fits the map as ``finish()`` does, to the bit, with channels spread over `loop` where that pays.
  func finish(using loop: ConcurrentLoop) throws -> SiteFit
}

extension SiteAccumulator {
  /// Takes samples on one thread.
  public mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop) {
    observe(side, samples)
  }

  /// Fits the map on one thread.
  public func finish(using loop: ConcurrentLoop) throws -> SiteFit { try finish() }
}

/// A map fitted at one site.
public struct SiteFit: Hashable, Sendable {
  /// The parameters by the name that the transport function gives them, each of the shape that it declares.
  public var parameters: [String: MapParameter]
  /// How many channels had no spread to scale by and took the mean shift alone; nil for a method that never scales.
  public var meanShiftChannels: Int?

  /// The map of one site.
  public init(parameters: [String: MapParameter], meanShiftChannels: Int? = nil) {
    self.parameters = parameters
    self.meanShiftChannels = meanShiftChannels
  }
}

/// A fit that cannot be made.
public struct FitError: ToolError, Hashable {
  /// What is wrong, in one line.
  public var exitStatus: ExitStatus { .usage }
  public var description: String

  /// An error that says what is wrong.
  public init(_ description: String) { self.description = description }
}
