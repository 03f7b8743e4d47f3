import ActIR
import ActStatistics

/// LEACE (arXiv 2306.03819, theorem 4.3): the least change after which no linear classifier tells source from target.
///
/// `T(x) = x − W⁺ P W (x − μ)`, `W = (Σ^½)⁺` of the covariance of all samples about their mean μ, and P the orthogonal
/// projector on `W (m_b − m_a)`: for two classes a map of rank 1. Directions in which the samples do not vary, as most are
/// where there are fewer samples than channels, stay as they are.
package let leace = SteeringMethod(
  "leace", version: "1",
  summary: "erases what tells source from target linearly (LEACE)",
  transport: lowRankTransport("leace"),
  fitMoments: { source, target, _ in
    var all = source
    all.merge(target)
    let axes = try all.axes().above(1e-12)
    let difference = zip(source.mean, target.mean).map { $1 - $0 }
    let whitened = axes.apply({ $0 > 0 ? 1 / $0.squareRoot() : 0 }, to: difference)
    let length = whitened.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0 else {
      throw FitError("source and target have one mean, so that there is nothing to erase; leave out the site")
    }
    let unit = whitened.map { $0 / length }
    let v = axes.apply({ $0 > 0 ? 1 / $0.squareRoot() : 0 }, to: unit)
    let u = axes.apply({ $0.squareRoot() }, to: unit).map { -$0 }
    let width = source.width
    return lowRankParameters(
      u: Matrix(rows: width, columns: 1, u), v: Matrix(rows: 1, columns: width, v), center: all.mean,
      shift: [Double](repeating: 0, count: width))
  })
