import ActIR
import ActStatistics

/// The transport function `x + strength · (U (V x − level) + shift)`, two thin products with the dial between them.
///
/// `V x − level` is `V (x − center)` with `level = V center`: what the map counts from costs nothing in the step.
public func lowRankTransport(_ name: String) -> String {
  """
  graph @\(name)(%x: f32[T,D], %V: f32[R,D], %level: f32[R], %U: f32[D,R], %shift: f32[D], %strength: f32[]) {
    %along = linear %x, %V : f32[T,R]
    %centred = sub %along, %level : f32[T,R]
    %inner = mul %centred, %strength : f32[T,R]
    %change = linear %inner, %U : f32[T,D]
    %part = mul %shift, %strength : f32[D]
    %turned = add %x, %change : f32[T,D]
    %y = add %turned, %part : f32[T,D]
    return %y
  }

  """
}

/// The parameters of ``lowRankTransport(_:)`` for `x + U V (x − center) + shift`.
///
/// - Parameters:
///   - u: `[D, R]`.
///   - v: `[R, D]`.
///   - center: by channel.
///   - shift: by channel.
/// - Returns: `U`, `V`, `level` and `shift`.
public func lowRankParameters(
  u: Matrix, v: Matrix, center: [Double], shift: [Double]
) -> [String: MapParameter] {
  let level = v.product(transposed: Matrix(rows: 1, columns: center.count, center))
  return [
    "U": MapParameter(u), "V": MapParameter(v), "level": MapParameter(level.values.map { Float($0) }),
    "shift": MapParameter(shift.map { Float($0) }),
  ]
}

extension MapParameter {
  /// A matrix, rounded to floats.
  public init(_ matrix: Matrix) {
    self.init(matrix.values.map { Float($0) }, shape: [matrix.rows, matrix.columns])
  }
}
