import ActEval
import ActFormats
import ActRuntime
import Glibc
import Testing

/// Intervals by resampling, and by order.
@Suite struct EstimateTests {
  /// Normal numbers of mean 3 and deviation 1, by Box and Muller.
  private func normals(_ count: Int, _ random: inout SplitMix64) -> [Double] {
    (0..<count).map { _ in
      let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &random))).squareRoot()
      return 3 + radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
    }
  }

  @Test func theIntervalOfAMeanIsThatOfItsStandardError() throws {
    var random = SplitMix64(state: 1)
    var covered = 0
    for _ in 0..<200 {
      let values = normals(60, &random)
      let estimate = Bootstrap().ratio(values.map { RatioTerm($0, 1) })
      let mean = values.reduce(0, +) / 60
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 60).squareRoot()
      let interval = try #require(estimate.interval)
      #expect((estimate.value - mean).magnitude < 1e-12)
      let expected = 1.96 * deviation / 60.0.squareRoot()
      #expect(((interval.upperBound - mean) / expected - 1).magnitude < 0.15)
      #expect(((mean - interval.lowerBound) / expected - 1).magnitude < 0.15)
      if interval.contains(3) { covered += 1 }
    }
    // 95 % of 200 less some: a bootstrap of 60 units covers a little less than it says.
    #expect((178...199).contains(covered), "\(covered)")
  }

  /// Samples of one prompt are one unit: repeating them tells nothing new.
  @Test func partsOfAUnitStayTogether() {
    var random = SplitMix64(state: 2)
    let values = normals(30, &random)
    let once = Bootstrap().ratio(values.map { RatioTerm($0, 1) })
    let fourTimes = Bootstrap().ratio(values.map { RatioTerm(4 * $0, 4) })
    #expect(once.interval.map { $0.lowerBound } == fourTimes.interval.map { $0.lowerBound })
    let apart = Bootstrap().ratio(values.flatMap { value in (0..<4).map { _ in RatioTerm(value, 1) } })
    #expect(
      apart.interval!.upperBound - apart.interval!.lowerBound < 0.6
        * (once.interval!.upperBound - once.interval!.lowerBound))
  }

  /// What all texts have in common cancels in a change.
  @Test func aChangeIsPaired() throws {
    var random = SplitMix64(state: 3)
    let scores = normals(40, &random).map { value in
      var score = TextScore()
      score.logLikelihood = -20 * value
      score.tokenCount = 20
      return score
    }
    let worse = scores.map { score in
      var score = score
      score.logLikelihood -= 2
      return score
    }
    let (base, steered) = (Bootstrap().perplexity(scores), Bootstrap().perplexity(worse))
    #expect((base.value / scores.reduce(TextScore(), +).perplexity - 1).magnitude < 1e-12)
    let change = steered.relativeChange(from: base)
    let interval = try #require(change.interval)
    #expect((change.value - (exp(0.1) - 1)).magnitude < 1e-12)
    #expect(interval.upperBound - interval.lowerBound < 1e-9)
    let own = try #require(steered.interval)
    #expect(own.upperBound / own.lowerBound > 1.3)
  }

  @Test func oneUnitHasNoInterval() {
    #expect(Bootstrap().ratio([RatioTerm(1, 2)]).interval == nil)
    #expect(Bootstrap().ratio([RatioTerm(1, 2)]).value == 0.5)
    #expect(Bootstrap().ratio([]).value.isNaN)
    #expect(Bootstrap().ratio([RatioTerm(1, 2), RatioTerm(3, 2)]).interval == 0.5...1.5)
  }

  /// Ranks of the table of the sign test's intervals for the median, at 95 % or more.
  @Test(arguments: [(5, 0), (6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (20, 6), (25, 8), (50, 18), (100, 40)])
  func medianIntervals(count: Int, rank: Int) {
    let values = (1...count).map(Double.init).shuffled()
    let median = MedianInterval(values)
    #expect(median.median == Double(count + 1) / 2)
    #expect(median.interval == (rank == 0 ? nil : Double(rank)...Double(count + 1 - rank)))
    #expect(median.excludes(0) == (rank > 0) && !median.excludes(median.median))
  }

  @Test(arguments: [
    ("a b a b a b", 0.4), ("One two, two. One", 1.0), ("no no no", 0.5), ("No no NO", 0.5),
  ])
  func distinctPairs(text: String, share: Double) {
    #expect(Diversity.distinctPairs(text) == share)
    #expect(Diversity.distinctPairs("one") == nil && Diversity.distinctPairs("") == nil)
  }
}
