import Glibc

/// The buckets of relative positions of T5's encoder (arXiv 1910.10683, section 2.1): half of them are for positions
/// before, half for those after, and of each half the first are for one position each.
struct RelativeBuckets {
  /// Half of the buckets.
  private let half: Int
  /// How many of a half are for one position each.
  private let near: Int
  private let distance: Int

  /// So many buckets, the last of which holds all positions from `distance` on, which lies past the near ones.
  init(count: Int, distance: Int) {
    half = count / 2
    near = half / 2
    self.distance = distance
  }

  /// The bucket of a position relative to another's.
  ///
  /// The logarithm is computed in f32, as by the published code: where it is nearly whole, a bucket begins at one position
  /// or the next.
  subscript(position: Int) -> Int {
    let first = position > 0 ? half : 0
    guard position.magnitude >= near else { return first + Int(position.magnitude) }
    let share = Float(log(Double(Float(position.magnitude) / Float(near))))
    let whole = Float(log(Double(distance) / Double(near)))
    return first + min(half - 1, near + Int(share / whole * Float(half - near)))
  }
}
