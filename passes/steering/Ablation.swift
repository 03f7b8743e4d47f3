import ActIR

/// Directional ablation (arXiv 2406.11717, section 2.4): takes away what lies along the direction between the means.
///
/// `y = x − λ (v·x) v`, where `v` is the unit vector from the source's mean to the target's. At strength 1 nothing is left
/// along it, so that neither behaviour can be told by it.
package let ablation = SteeringMethod(
  "ablation", version: "1",
  summary: "takes away what lies along the direction between the means",
  transport: """
    graph @ablation(%x: f32[T,D], %v: f32[1,D], %strength: f32[]) {
      %along = linear %x, %v : f32[T,1]
      %part = mul %along, %strength : f32[T,1]
      %taken = mul %part, %v : f32[T,D]
      %y = sub %x, %taken : f32[T,D]
      return %y
    }

    """,
  fitMeans: { source, target, _ in
    guard let direction = unitVector(from: source, to: target) else {
      throw FitError(
        "source and target have one mean, so that there is no direction to ablate; leave out the site")
    }
    return ["v": MapParameter(direction.map { Float($0) }, shape: [1, direction.count])]
  })
