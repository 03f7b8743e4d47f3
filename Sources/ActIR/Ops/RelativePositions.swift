/// The row of a table for each position relative to another, which share rows in buckets (T5, arXiv 1910.10683): near
/// ones have a row each, farther ones share by the logarithm of their distance, all from `distance` on the last, and
/// those before have other rows than those after. `table: [N,H] -> f32[2·distance+1,H]`, of which row distance + r is that of the position r later.
struct RelativeRowsOp: OpDefinition {
  var distance = 0

  let mnemonic = "relative_rows"
  var op: Op { .relativeRows(distance: distance) }
  var traits: OpTraits {
    OpTraits(.compile, in: .compile, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("distance", &distance)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let table = try operands.matrix(0)
    guard let rows = table.shape[0].fixed, rows >= RelativePositions.leastBuckets,
      RelativePositions.distances(buckets: rows).contains(distance)
    else {
      throw operands.mismatch(
        "a table of at least \(RelativePositions.leastBuckets) rows, and a distance above a quarter of them and at most "
          + "\(RelativePositions.largestDistance)")
    }
    return TensorType(.f32, [.fixed(2 * distance + 1), table.shape[1]])
  }
}

/// Which relative positions may be told apart.
public enum RelativePositions {
  /// One bucket for near and one for far positions, before and after.
  public static let leastBuckets = 4
  /// The farthest distance from which on all may share the last bucket.
  public static let largestDistance = 1 << 16

  /// The distances from which on all may share the last of so many buckets: past those that have a bucket each.
  public static func distances(buckets: Int) -> Range<Int> {
    let first = buckets / 2 / 2 + 1
    return first..<max(first, largestDistance + 1)
  }
}
