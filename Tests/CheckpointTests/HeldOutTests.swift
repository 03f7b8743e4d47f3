import ActPasses
import ActStatistics
import Testing

/// Samples that are held out of a fit, and the probes that are scored by them.
@Suite struct HeldOutTests {
  /// As `held_out` of `Scripts/make-fit-reference.py` has them.
  @Test(arguments: [
    (2, 0.2, [1]), (3, 0.2, [1]), (7, 0.2, [4]), (23, 0.2, [2, 5, 12, 15, 18]),
    (40, 0.2, [3, 6, 14, 17, 20, 28, 31, 39]), (10, 0.9, [0, 1, 2, 3, 4, 5, 6, 7, 9]),
  ])
  func places(count: Int, share: Double, expected: [Int]) {
    #expect(HeldOut(share, of: count).places == expected)
  }

  @Test func aSampleOfEveryRun() {
    for count in 2...300 {
      let places = HeldOut(0.2, of: count).places
      #expect(places.count == max(1, Int((0.2 * Double(count)).rounded())))
      for (run, place) in places.enumerated() {
        #expect(run * count / places.count <= place && place < (run + 1) * count / places.count)
      }
    }
  }

  /// Sets that a plane divides have a finite probe; the scale of the samples and where they lie do not matter; sets that
  /// do not differ have none.
  @Test func probes() throws {
    let positives = Matrix(rows: 3, columns: 2, [1, 2, 2, 1, 3, 3])
    let negatives = Matrix(rows: 3, columns: 2, [-1, 0, -2, -1, 0, -3])
    let probe = try LogisticRegression(positives: positives, negatives: negatives, ridge: 1)
    #expect(probe.logOdds(positives).allSatisfy { $0 > 0 } && probe.logOdds(negatives).allSatisfy { $0 < 0 })
    for factor in [1e-30, 1e30] {
      func moved(_ samples: Matrix) -> Matrix {
        Matrix(rows: samples.rows, columns: 2, samples.values.map { ($0 + 5) * factor })
      }
      let other = try LogisticRegression(positives: moved(positives), negatives: moved(negatives), ridge: 1)
      for (a, b) in zip(other.weights, probe.weights) { #expect((a - b).magnitude <= 1e-9) }
    }
    let same = try LogisticRegression(positives: positives, negatives: positives, ridge: 1)
    #expect(same.weights.allSatisfy { $0 == 0 })
    let constant = Matrix(rows: 2, columns: 2, [4, 4, 4, 4])
    let none = try LogisticRegression(positives: constant, negatives: constant, ridge: 1)
    #expect(none.weights == [0, 0] && none.intercept == 0)
    let hard = try LogisticRegression(
      positives: Matrix(rows: 2, columns: 1, [1e-3, 1e20]),
      negatives: Matrix(rows: 2, columns: 1, [0, -1e20]),
      ridge: 1e-6)
    #expect(hard.weights[0].isFinite && hard.weights[0] > 0)
  }
}
