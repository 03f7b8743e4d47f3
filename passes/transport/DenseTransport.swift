/// The transport function `x + strength · (T(x) − x)` of a map `T(x) = target_mean + A (x − source_mean)`.
public func denseTransport(_ name: String) -> String {
  """
  graph @\(name)(%x: f32[T,D], %A: f32[D,D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
    %centred = sub %x, %source_mean : f32[T,D]
    %turned = linear %centred, %A : f32[T,D]
    %transported = add %turned, %target_mean : f32[T,D]
    %change = sub %transported, %x : f32[T,D]
    %part = mul %change, %strength : f32[T,D]
    %y = add %x, %part : f32[T,D]
    return %y
  }

  """
}
