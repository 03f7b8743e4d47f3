/// A test of each token's score that a map was compiled with: where the score is outside a range, the map leaves the
/// token alone.
public struct Gate: Hashable, Sendable {
  /// The map that acts or not.
  public var map: String
  /// The score that is tested.
  public var score: String

  /// A test of a map's tokens by a score.
  public init(map: String, score: String) {
    self.map = map
    self.score = score
  }
}

/// An end of a gate's range, which belongs to it.
public enum GateEnd: String, Hashable, Sendable, CaseIterable {
  /// The least score at which the map acts.
  case lower
  /// The greatest.
  case upper
}
