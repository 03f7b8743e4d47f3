/// The transport function `x + strength · (T(m) − m)` of a map `T(m) = target_mean + slope · (m − source_mean)`: at images
/// m is the mean of each channel, so that all pixels move alike, and elsewhere x itself.
func meanTransport(_ name: String) -> String {
  """
  graph @\(name)(%x: f32[T,D], %slope: f32[D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
    %mean = pixel_mean %x : f32[T,D]
    %centred = sub %mean, %source_mean : f32[T,D]
    %scaled = mul %centred, %slope : f32[T,D]
    %transported = add %scaled, %target_mean : f32[T,D]
    %shift = sub %transported, %mean : f32[T,D]
    %part = mul %shift, %strength : f32[T,D]
    %y = add %x, %part : f32[T,D]
    return %y
  }

  """
}

/// The transport function `x + strength · (T(x) − x)` of a map `T(x) = target_mean + slope · (x − source_mean)`.
public func affineTransport(_ name: String) -> String {
  """
  graph @\(name)(%x: f32[T,D], %slope: f32[D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
    %centred = sub %x, %source_mean : f32[T,D]
    %scaled = mul %centred, %slope : f32[T,D]
    %transported = add %scaled, %target_mean : f32[T,D]
    %shift = sub %transported, %x : f32[T,D]
    %part = mul %shift, %strength : f32[T,D]
    %y = add %x, %part : f32[T,D]
    return %y
  }

  """
}
