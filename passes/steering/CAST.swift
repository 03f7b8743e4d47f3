import ActIR
import ActStatistics

/// Conditional activation steering (arXiv 2409.05907, section 3): adds a behaviour vector where a condition holds.
///
/// `y = x + λ v` for the tokens or texts whose score `cos(x, tanh(P x))` a condition such as `when cos(NAME) > 0.1` or
/// `when mean(NAME) > 0.1` accepts, `P = c cᵀ`. The condition vector c is the first principal component of the samples of
/// both sides around the middle of their means (3.3); the behaviour vector v is the first principal direction of the
/// differences of pairs, along their mean as in ``repe``. Both have length 1. The paper fits them on data of their own:
/// then two maps are fitted, of which one is tested and the other acts.
///
/// `last(NAME)` is the published score of a prompt's last token; `mean(NAME)` is the mean of its tokens' scores, where the
/// published code scores the mean of their activations.
package let cast = SteeringMethod(
  "cast", version: "1",
  summary: "adds a vector where a condition holds that the map scores (CAST)",
  transport: shiftTransport("cast"),
  data: DataRequirements(pooling: .mean, pairs: true),
  fitSamples: { source, target, _ in
    let differences = Matrix.differences(of: source, to: target)
    var rows = Matrix(rows: 2 * source.rows, columns: source.columns, source.values + target.values)
    let middle = rows.columnMeans
    for row in 0..<rows.rows { for channel in middle.indices { rows[row, channel] -= middle[channel] } }
    let behaviour = try differences.principalDirection(along: differences)
    let condition = try rows.principalDirection(along: differences)
    return SiteFit(parameters: [
      "shift": MapParameter(behaviour.map { Float($0) }),
      "condition": MapParameter(condition.map { Float($0) }, shape: [1, condition.count]),
    ])
  }
).scoring(
  by: cosineScore(
    "cast", "%condition: f32[1,D]", to: "bent", ofEachToken: true,
    lines: """
        %along = linear %x, %condition : f32[T,1]
        %projected = mul %along, %condition : f32[T,D]
        %bent = tanh %projected : f32[T,D]

      """))
