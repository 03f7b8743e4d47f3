extension [Dim] {
  /// The common shape of several, as NumPy finds it: aligned at the last axis, equal or 1. nil where there is none.
  public static func broadcast(_ shapes: [[Dim]]) -> [Dim]? {
    var common = shapes.max { $0.count < $1.count } ?? []
    for shape in shapes {
      for (axis, dim) in zip(common.indices.suffix(shape.count), shape) where dim != .fixed(1) {
        if common[axis] == .fixed(1) {
          common[axis] = dim
        } else if common[axis] != dim {
          return nil
        }
      }
    }
    return common
  }
}

/// How the rows of an operand follow those of a wider value: row r of the value reads row
/// `(r / divisor) % modulus` of the operand.
///
/// An operand may be repeated along its first axes, its last axes before the channels, or both; never along axes between
/// others.
public struct RowPattern: Hashable, Sendable {
  /// How many rows of the value, one after another, read one row of the operand.
  public var divisor: Int
  /// How many rows the operand has before it begins anew; nil: as many as the value needs.
  public var modulus: Int?
  /// Whether one element stands for all channels.
  public var repeatsChannels: Bool

  /// The pattern of an operand of shape `own` in a value of `shape`, or nil where the sizes that it needs are not fixed.
  public init?(of own: [Dim], in shape: [Dim]) {
    guard let spans = Self.spans(own, shape) else { return nil }
    repeatsChannels = spans.repeatsChannels
    func product(_ range: Range<Int>) -> Int? {
      TensorType(.f32, Array(shape[range])).fixedCount
    }
    guard !spans.own.isEmpty else {
      (divisor, modulus) = (1, 1)
      return
    }
    guard let divisor = product(spans.own.upperBound..<shape.count - 1) else { return nil }
    self.divisor = divisor
    if spans.own.lowerBound == 0 {
      modulus = nil
    } else {
      guard let modulus = product(spans.own) else { return nil }
      self.modulus = modulus
    }
  }

  /// Whether an operand of shape `own`, which repeats to `shape`, does so along its outer axes only.
  public static func isWithin(_ own: [Dim], _ shape: [Dim]) -> Bool { spans(own, shape) != nil }

  /// The axes of `shape`, before its channels, along which the operand has rows of its own.
  private static func spans(_ own: [Dim], _ shape: [Dim]) -> (own: Range<Int>, repeatsChannels: Bool)? {
    let padded = Array(repeating: Dim.fixed(1), count: shape.count - own.count) + own
    guard let channels = padded.last else { return (0..<0, true) }
    let repeatsChannels = channels == .fixed(1) && shape.last != .fixed(1)
    // An axis of 1 on both sides is either.
    let axes = padded.indices.dropLast().filter { padded[$0] != .fixed(1) }
    guard var first = axes.first, let last = axes.last else { return (0..<0, repeatsChannels) }
    for axis in first...last where padded[axis] == .fixed(1) && shape[axis] != .fixed(1) { return nil }
    while first > 0, shape[first - 1] == .fixed(1) { first -= 1 }
    return (first..<last + 1, repeatsChannels)
  }
}
