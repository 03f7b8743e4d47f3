/// The score function `cos(x, v)` of each token, which is 0 where x or v is.
///
/// - Parameters:
///   - name: of the method.
///   - parameters: as the function declares them.
///   - vector: the name of v, a parameter or what `lines` compute.
///   - ofEachToken: whether every token has a v of its own, f32[T,D], and not all one, f32[D].
///   - lines: of the function, each indented and ended.
/// - Returns: the function in the text form.
func cosineScore(
  _ name: String, _ parameters: String = "%shift: f32[D]", to vector: String = "shift",
  ofEachToken: Bool = false, lines: String = ""
) -> String {
  let rows = ofEachToken ? "T," : ""
  return """
    graph @\(name)_score(%x: f32[T,D], \(parameters)) {
    \(lines)  %products = mul %x, %\(vector) : f32[T,D]
      %dot = reduce_sum %products : f32[T,1]
      %squares = mul %x, %x : f32[T,D]
      %square = reduce_sum %squares : f32[T,1]
      %lengths = mul %\(vector), %\(vector) : f32[\(rows)D]
      %length = reduce_sum %lengths : f32[\(rows)1]
      %both = mul %square, %length : f32[T,1]
      %least = constant {value = 1e-30} : f32[]
      %above = max %both, %least : f32[T,1]
      %norm = sqrt %above : f32[T,1]
      %score = div %dot, %norm : f32[T,1]
      return %score
    }

    """
}
