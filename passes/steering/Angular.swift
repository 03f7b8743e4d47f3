import ActIR
import ActStatistics

/// Angular steering (arXiv 2510.26243): rotates what lies in a plane to a chosen angle, and keeps its length.
///
/// In the plane of b1 and b2 an activation has the coordinates `p = (b1·x, b2·x)` and the angle `ψ = atan2(p2, p1)`. It is
/// rotated there by `λ (θ − ψ)`, the shorter way round, so that at strength 1 it is `x − Px + ‖Px‖ (cos θ b1 + sin θ b2)`,
/// P the projector on the plane, and has the length of x at every strength. θ is an option, in degrees: 0 points from the
/// source's mean to the target's, 180 away from it. Where nothing of x lies in the plane, x stays as it is.
///
/// b1 is the unit vector from the source's mean to the target's, and b2 the first principal direction of all samples,
/// made orthogonal to b1. Where that is b1 itself the next one takes its place, and where the samples vary along b1 only,
/// the axis that is farthest from it. Of a principal direction the sign is nobody's: the largest element is positive. The
/// paper has one plane for all sites, of the differences at all of them; here each site has its own.
///
/// With `adaptive=on` only what lies on b1's side of the plane is rotated, `b1·x > 0`, as the paper's adaptive variant does.
package let angular = SteeringMethod(
  "angular", version: "1",
  summary: "rotates activations in a plane to a chosen angle, and keeps their length (Angular Steering)",
  transport: """
    graph @angular(%x: f32[T,D], %plane: f32[2,D], %angle: f32[], %adaptive: f32[], %strength: f32[]) {
      %b1 = slice %plane {start = 0, count = 1, axis = 0} : f32[1,D]
      %b2 = slice %plane {start = 1, count = 1, axis = 0} : f32[1,D]
      %at = linear %x, %plane : f32[T,2]
      %p1 = slice %at {start = 0, count = 1} : f32[T,1]
      %p2 = slice %at {start = 1, count = 1} : f32[T,1]
      %cos_angle = cos %angle : f32[]
      %sin_angle = sin %angle : f32[]
      %c1 = mul %p1, %cos_angle : f32[T,1]
      %c2 = mul %p2, %sin_angle : f32[T,1]
      %along = add %c1, %c2 : f32[T,1]
      %s1 = mul %p1, %sin_angle : f32[T,1]
      %s2 = mul %p2, %cos_angle : f32[T,1]
      %across = sub %s1, %s2 : f32[T,1]
      %whole = atan2 %across, %along : f32[T,1]
      %turn = mul %whole, %strength : f32[T,1]
      %cos_turn = cos %turn : f32[T,1]
      %sin_turn = sin %turn : f32[T,1]
      %q11 = mul %p1, %cos_turn : f32[T,1]
      %q12 = mul %p2, %sin_turn : f32[T,1]
      %q1 = sub %q11, %q12 : f32[T,1]
      %q21 = mul %p1, %sin_turn : f32[T,1]
      %q22 = mul %p2, %cos_turn : f32[T,1]
      %q2 = add %q21, %q22 : f32[T,1]
      %d1 = sub %q1, %p1 : f32[T,1]
      %d2 = sub %q2, %p2 : f32[T,1]
      %change1 = mul %d1, %b1 : f32[T,D]
      %change2 = mul %d2, %b2 : f32[T,D]
      %change = add %change1, %change2 : f32[T,D]
      %turned = add %x, %change : f32[T,D]
      %zero = constant {value = 0.0} : f32[]
      %still = eq %turn, %zero : bool[T,1]
      %behind = le %p1, %zero : bool[T,1]
      %chooses = gt %adaptive, %zero : bool[]
      %spared = and %behind, %chooses : bool[T,1]
      %stays = or %still, %spared : bool[T,1]
      %y = select %stays, %x, %turned : f32[T,D]
      return %y
    }

    """,
  data: DataRequirements(pooling: .last), options: [angle, adaptive],
  fitMoments: { source, target, settings in
    guard source.width > 1 else {
      throw FitError("expected at least 2 channels, found 1, in which there is no plane; leave out the site")
    }
    guard let b1 = unitVector(from: source.mean, to: target.mean) else {
      throw FitError(
        "source and target have one mean, so that there is no direction to turn to; leave out the site")
    }
    var all = source
    all.merge(target)
    let b2 = try second(b1, of: all)
    // Of exact degrees, so that 360 is 0.
    let degrees = settings[angle].truncatingRemainder(dividingBy: 360)
    return [
      "plane": MapParameter((b1 + b2).map { Float($0) }, shape: [2, source.width]),
      "angle": MapParameter(Float(degrees * .pi / 180)),
      "adaptive": MapParameter(settings[adaptive] == .on ? 1 : 0),
    ]
  })

private enum Choice: String, CaseIterable { case off, on }

private let angle = MethodOption(
  "angle", default: 0.0, in: -360...360,
  "The angle to turn to, in degrees: θ. At 0 it points from source to target.")
private let adaptive = MethodOption(
  "adaptive", default: Choice.off,
  "With on, only activations that have something of the direction from source to target are turned.")

/// The other direction of the plane: what is orthogonal to `b1` of the first principal direction that is not `b1`.
private func second(_ b1: [Double], of samples: SecondMoments) throws -> [Double] {
  /// Of what is shorter than this, the direction is rounding.
  let least = 1e-6
  let principal = try samples.axes().above(1e-12).axes.rowsWithSignFixed
  for row in 0..<principal.rows {
    let rest = orthogonal(principal.rows(row..<row + 1).values, to: b1)
    if length(rest) > least, let direction = unitVector(along: rest) {
      // Once more, since what is left of a direction near to b1 keeps some of b1's rounding.
      return unitVector(along: orthogonal(direction, to: b1))!
    }
  }
  let farthest = b1.indices.min { b1[$0].magnitude < b1[$1].magnitude }!
  var axis = [Double](repeating: 0, count: b1.count)
  axis[farthest] = 1
  return unitVector(along: orthogonal(axis, to: b1))!
}

private func length(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

/// What is left of x without its part along a unit vector.
private func orthogonal(_ x: [Double], to unit: [Double]) -> [Double] {
  let along = zip(x, unit).reduce(0) { $0 + $1.0 * $1.1 }
  return zip(x, unit).map { $0 - along * $1 }
}
