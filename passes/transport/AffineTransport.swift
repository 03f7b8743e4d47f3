/// The transport function `x + strength · (T(m) − m)` of a map `T(m) = target_mean + slope · (m − source_mean)`, m being x.
///
/// - Parameters:
///   - name: the function's.
///   - movesImagesWhole: whether at images m is the mean of each channel, so that all pixels move alike.
/// - Returns: its text.
public func affineTransport(_ name: String, movesImagesWhole: Bool = false) -> String {
  let (mean, m) = movesImagesWhole ? ("  %mean = pixel_mean %x : f32[T,D]\n", "%mean") : ("", "%x")
  return """
    graph @\(name)(%x: f32[T,D], %slope: f32[D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
    \(mean)  %centred = sub \(m), %source_mean : f32[T,D]
      %scaled = mul %centred, %slope : f32[T,D]
      %transported = add %scaled, %target_mean : f32[T,D]
      %shift = sub %transported, \(m) : f32[T,D]
      %part = mul %shift, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """
}
