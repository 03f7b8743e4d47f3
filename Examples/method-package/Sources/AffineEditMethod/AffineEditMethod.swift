import ActIR
import ActPasses

/// Affine concept editing (arXiv 2411.09003, section 3): gives an activation as much of a concept as asked for.
///
/// Along the unit vector v from the source's mean m_a to the target's m_b, `T(x) = x + (level − v·x) v`, with
/// `level = v · (m_a + amount (m_b − m_a))`: what the activation had of the concept is replaced. An amount of 0 leaves what
/// the source has of it on average, 1 what the target has. Directional ablation would leave none at all, which is less than
/// either side has where both means lie far from 0.
public let affineEditMethod = SteeringMethod(
  "affine-edit", version: "1",
  summary: "gives activations as much of a concept as asked for (ACE)",
  transport: """
    graph @affine_edit(%x: f32[T,D], %v: f32[1,D], %level: f32[1], %strength: f32[]) {
      %along = linear %x, %v : f32[T,1]
      %missing = sub %level, %along : f32[T,1]
      %part = mul %missing, %strength : f32[T,1]
      %change = mul %part, %v : f32[T,D]
      %y = add %x, %change : f32[T,D]
      return %y
    }

    """,
  data: DataRequirements(pooling: .last),
  options: [amount],
  fitMeans: { source, target, settings in
    guard let direction = unitVector(from: source, to: target) else {
      throw FitError(
        "source and target have one mean, so that there is no concept to edit; leave out the site")
    }
    func along(_ mean: [Double]) -> Double { zip(mean, direction).reduce(0) { $0 + $1.0 * $1.1 } }
    let level = along(source) + settings[amount] * (along(target) - along(source))
    return [
      "v": MapParameter(direction.map { Float($0) }, shape: [1, direction.count]),
      "level": [Float(level)],
    ]
  })

private let amount = MethodOption(
  "amount", default: 1.0, in: -100...100, "How much of the concept: 0 is the source's mean, 1 the target's.")
