import ActStatistics

/// How a method gathers the samples of a site.
public struct Gathering: Sendable {
  /// Makes an accumulator for a site.
  public var makeAccumulator: @Sendable (_ site: SiteChannels, MethodSettings) -> any SiteAccumulator
  /// Makes an accumulator for a site with more samples than fit into memory: it keeps a sketch of their quantiles, of
  /// `capacity` rows a level. nil for a method that has no use for one.
  public var makeSketch: (@Sendable (_ width: Int, _ capacity: Int, MethodSettings) -> any SiteAccumulator)?
  /// The bytes that so many samples of one side take, of `width` channels.
  public var byteCount: @Sendable (_ samples: Int, _ width: Int) -> Int
  /// Whether the accumulators hold samples out of the fit, as ``DataRequirements/heldOut`` says.
  public var holdsOut = false

  /// Accumulators that a site's width is enough for, and what they take.
  public init(
    byteCount: @escaping @Sendable (_ samples: Int, _ width: Int) -> Int,
    makeAccumulator: @escaping @Sendable (_ width: Int, MethodSettings) -> any SiteAccumulator,
    makeSketch: (@Sendable (_ width: Int, _ capacity: Int, MethodSettings) -> any SiteAccumulator)? = nil
  ) {
    self.byteCount = byteCount
    self.makeAccumulator = { makeAccumulator($0.width, $1) }
    self.makeSketch = makeSketch
  }

  /// Accumulators that are made for what is known of a site, and what they take.
  public init(
    byteCount: @escaping @Sendable (_ samples: Int, _ width: Int) -> Int,
    makeAccumulatorAt: @escaping @Sendable (_ site: SiteChannels, MethodSettings) -> any SiteAccumulator
  ) {
    self.byteCount = byteCount
    makeAccumulator = makeAccumulatorAt
  }
}

/// What a method is told of the channels of a site.
public struct SiteChannels: Hashable, Sendable {
  /// How many there are.
  public var width: Int
  /// How many heads they are, side by side and of one width; nil where they are none.
  public var heads: Int?

  /// Channels, of heads where there are any.
  public init(width: Int, heads: Int? = nil) {
    self.width = width
    self.heads = heads
  }
}

/// The two sides of samples that a method takes in, of one type.
struct SidePair<Samples: Sendable>: Sendable {
  var source: Samples
  var target: Samples

  init(_ empty: Samples) { (source, target) = (empty, empty) }

  subscript(side: Side) -> Samples {
    get { side == .source ? source : target }
    set {
      switch side {
      case .source: source = newValue
      case .target: target = newValue
      }
    }
    _modify {
      switch side {
      case .source: yield &source
      case .target: yield &target
      }
    }
  }
}
