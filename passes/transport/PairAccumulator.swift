import ActIR

/// What is gathered of the samples of one side, in pieces that merge.
protocol GatheredSamples: Sendable {
  /// How many samples.
  var count: Int { get }
  /// Whether all were finite.
  var isFinite: Bool { get }

  /// Takes samples, row-major.
  mutating func observe(_ samples: [Float])
  /// Adds what another of the same width has gathered; its samples follow this one's.
  mutating func merge(_ other: Self)
}

/// Gathers both sides alike and fits the map from them.
struct PairAccumulator<Samples: GatheredSamples>: SiteAccumulator {
  private let method: String
  private var sides: SidePair<Samples>
  private let fit: Fit

  typealias Fit = @Sendable (_ source: Samples, _ target: Samples) throws -> SiteFit

  init(method: String, _ empty: Samples, fit: @escaping Fit) {
    self.method = method
    sides = SidePair(empty)
    self.fit = fit
  }

  mutating func observe(_ side: Side, _ samples: [Float]) { sides[side].observe(samples) }

  mutating func merge(_ other: any SiteAccumulator) throws {
    guard let other = other as? PairAccumulator, other.method == method else {
      throw FitError("accumulators of different methods")
    }
    for side in Side.allCases { sides[side].merge(other.sides[side]) }
  }

  func finish() throws -> SiteFit {
    for side in Side.allCases {
      guard sides[side].count > 0 else { throw FitError("no \(side.rawValue) samples") }
      guard sides[side].isFinite else { throw FitError("an activation that is not finite") }
    }
    return try fit(sides.source, sides.target)
  }
}
