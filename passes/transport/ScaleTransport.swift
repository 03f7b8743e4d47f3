/// The transport function `x + strength · (factor · x − x)`, a factor for each channel.
public func scaleTransport(_ name: String) -> String {
  """
  graph @\(name)(%x: f32[T,D], %factor: f32[D], %strength: f32[]) {
    %scaled = mul %x, %factor : f32[T,D]
    %change = sub %scaled, %x : f32[T,D]
    %part = mul %change, %strength : f32[T,D]
    %y = add %x, %part : f32[T,D]
    return %y
  }

  """
}
