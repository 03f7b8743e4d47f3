/// The tokens of a sequence to which a map applies; positions count from 0.
public struct TokenScope: Hashable, Sendable {
  /// Which positions, before the skipped ones are taken away.
  public enum Kind: Hashable, Sendable {
    /// Every token.
    case all
    /// The tokens that were given.
    case prompt
    /// The tokens after those.
    case generated
    /// The last token of the prompt.
    case last
    /// Positions `lower ... upper`, to the end where `upper` is nil.
    case positions(lower: Int, upper: Int?)
  }

  /// Which positions.
  public var kind: Kind
  /// How many positions at the start of a sequence are left alone, whatever the kind.
  public var skippedPositions: Int

  /// Every token, from the first.
  public static let all = TokenScope(.all)

  /// The positions of a kind, without the first `skippedPositions`.
  public init(_ kind: Kind, skippedPositions: Int = 0) {
    self.kind = kind
    self.skippedPositions = skippedPositions
  }

  /// Parses `all`, `prompt`, `generated`, `last`, `4-`, or `4-9`; nil where it is none of these.
  public init?(_ text: String, skippedPositions: Int = 0) {
    switch text {
    case "all": self.init(.all, skippedPositions: skippedPositions)
    case "prompt": self.init(.prompt, skippedPositions: skippedPositions)
    case "generated": self.init(.generated, skippedPositions: skippedPositions)
    case "last": self.init(.last, skippedPositions: skippedPositions)
    default:
      let bounds = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard bounds.count == 2, let lower = Int(bounds[0]), lower >= 0 else { return nil }
      let upper = Int(bounds[1])
      guard bounds[1].isEmpty || upper.map({ $0 >= lower }) == true else { return nil }
      self.init(.positions(lower: lower, upper: upper), skippedPositions: skippedPositions)
    }
  }

  /// Whether the map applies at `position` of a sequence whose prompt has `promptCount` tokens.
  public func contains(position: Int, promptCount: Int) -> Bool {
    guard position >= skippedPositions else { return false }
    return switch kind {
    case .all: true
    case .prompt: position < promptCount
    case .generated: position >= promptCount
    case .last: position == promptCount - 1
    case .positions(let lower, let upper): position >= lower && upper.map { position <= $0 } ?? true
    }
  }
}

extension TokenScope: CustomStringConvertible {
  /// The kind as it parses.
  public var description: String {
    switch kind {
    case .all: "all"
    case .prompt: "prompt"
    case .generated: "generated"
    case .last: "last"
    case .positions(let lower, let upper): "\(lower)-" + (upper.map { "\($0)" } ?? "")
    }
  }
}
