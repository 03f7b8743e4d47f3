import ActStatistics

/// How a method gathers the samples of a site.
public struct Gathering: Sendable {
  /// Makes an accumulator for a site of `width` channels.
  public var makeAccumulator: @Sendable (_ width: Int, MethodSettings) -> any SiteAccumulator
  /// Makes an accumulator for a site with more samples than fit into memory: it keeps a sketch of their quantiles, of
  /// `capacity` rows a level. nil for a method that has no use for one.
  public var makeSketch: (@Sendable (_ width: Int, _ capacity: Int, MethodSettings) -> any SiteAccumulator)?
  /// The bytes that so many samples of one side take, of `width` channels.
  public var byteCount: @Sendable (_ samples: Int, _ width: Int) -> Int

  /// Accumulators, and what they take.
  public init(
    byteCount: @escaping @Sendable (_ samples: Int, _ width: Int) -> Int,
    makeAccumulator: @escaping @Sendable (_ width: Int, MethodSettings) -> any SiteAccumulator,
    makeSketch: (@Sendable (_ width: Int, _ capacity: Int, MethodSettings) -> any SiteAccumulator)? = nil
  ) {
    self.byteCount = byteCount
    self.makeAccumulator = makeAccumulator
    self.makeSketch = makeSketch
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
