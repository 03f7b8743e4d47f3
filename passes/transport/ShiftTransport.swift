import ActIR

/// The parameters of ``shiftTransport(_:)`` for the difference between the means.
func meanShift(_ source: [Double], _ target: [Double]) -> [String: MapParameter] {
  ["shift": MapParameter(zip(source, target).map { Float($1 - $0) })]
}

/// The transport function `x + strength · shift`, the same shift for every row.
package func shiftTransport(_ name: String) -> String {
  """
  graph @\(name)(%x: f32[T,D], %shift: f32[D], %strength: f32[]) {
    %part = mul %shift, %strength : f32[D]
    %y = add %x, %part : f32[T,D]
    return %y
  }

  """
}
