/// The score function `cos(x, v)` of each token, v a vector that `direction` names or, in lines of its own, computes.
///
/// It is 0 where x or v is.
func cosineScore(
  _ name: String, _ parameters: [String] = ["shift"], direction: String = "shift", lines: String = ""
) -> String {
  """
  graph @\(name)_score(%x: f32[T,D], \(parameters.map { "%\($0): f32[D]" }.joined(separator: ", "))) {
  \(lines)  %products = mul %x, %\(direction) : f32[T,D]
    %dot = reduce_sum %products : f32[T,1]
    %squares = mul %x, %x : f32[T,D]
    %square = reduce_sum %squares : f32[T,1]
    %lengths = mul %\(direction), %\(direction) : f32[D]
    %length = reduce_sum %lengths : f32[1]
    %both = mul %square, %length : f32[T,1]
    %least = constant {value = 1e-30} : f32[]
    %above = max %both, %least : f32[T,1]
    %norm = sqrt %above : f32[T,1]
    %score = div %dot, %norm : f32[T,1]
    return %score
  }

  """
}
