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
    let difference = zip(source, target).map { $1 - $0 }
    // Scaled before it is squared, so that no square overflows or vanishes.
    let largest = difference.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else {
      throw FitError(
        "source and target have one mean, so that there is no direction to ablate; leave out the site")
    }
    let scaled = difference.map { $0 / largest }
    let length = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return ["v": MapParameter(scaled.map { Float($0 / length) }, shape: [1, scaled.count])]
  })
