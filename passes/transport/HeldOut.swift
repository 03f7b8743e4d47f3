import ActStatistics

/// Which samples of a side are held out of a fit, to score it by.
///
/// Of n samples a share, rounded, but at least one. The data are cut into as many runs, and one sample of each run is held
/// out: that at the part of the run which (j + 1)/φ leaves over a whole number, j the run's number and φ the golden ratio,
/// so that the choice is even and keeps no step with the data. It follows from n and the share alone, whichever shards or
/// batches the samples come in.
public struct HeldOut: Hashable, Sendable {
  /// The places of the samples among those of their side, ascending.
  public let places: [Int]

  /// Those of `count` samples, at least 2.
  public init(_ share: Double, of count: Int) {
    precondition(count > 1)
    let runs = max(1, min(count - 1, Int((share * Double(count)).rounded())))
    places = (0..<runs).map { run in
      let (start, end) = (run * count / runs, (run + 1) * count / runs)
      let part = (Double(run + 1) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1)
      return start + Int(Double(end - start) * part)
    }
  }
}

/// The samples of one side at a site, a sample a row, of which some are held out of the fit.
struct SplitSamples {
  /// Those to fit to.
  let fitted: Matrix
  /// Those to score the fit by.
  let heldOut: Matrix

  private init(fitted: Matrix, heldOut: Matrix) {
    self.fitted = fitted
    self.heldOut = heldOut
  }

  /// Splits samples, at least 2.
  init(_ samples: Matrix, heldOut share: Double) {
    let places = HeldOut(share, of: samples.rows).places
    let isHeldOut = Set(places)
    self.init(
      fitted: samples.rows((0..<samples.rows).filter { !isHeldOut.contains($0) }),
      heldOut: samples.rows(places))
  }

  /// Some of the channels.
  func channels(_ range: Range<Int>) -> SplitSamples {
    SplitSamples(fitted: fitted.columns(range), heldOut: heldOut.columns(range))
  }
}

extension Matrix {
  /// Some rows, in the order of `places`.
  fileprivate func rows(_ places: [Int]) -> Matrix {
    Matrix(
      rows: places.count, columns: columns, places.flatMap { values[$0 * columns..<($0 + 1) * columns] })
  }

  /// Some columns.
  fileprivate func columns(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: rows, columns: range.count,
      (0..<rows).flatMap { values[$0 * columns + range.lowerBound..<$0 * columns + range.upperBound] })
  }
}
