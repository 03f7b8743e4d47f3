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
    /// The first so many tokens after the prompt.
    case first(Int)
    /// The tokens after the prompt but for the first so many.
    case after(Int)
    /// Positions `lower ... upper`, to the end where `upper` is nil.
    case positions(lower: Int, upper: Int?)
  }

  /// What is parsed, in words.
  public static let expected =
    "all, prompt, generated, last, first:N, after:N or positions as in 4-9"
  /// More tokens than any sequence has.
  static let mostTokens = 1 << 24

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

  /// Parses `all`, `prompt`, `generated`, `last`, `first:8`, `after:8`, `4-`, or `4-9`; nil where it is none of these.
  public init?(_ text: String, skippedPositions: Int = 0) {
    switch text {
    case "all": self.init(.all, skippedPositions: skippedPositions)
    case "prompt": self.init(.prompt, skippedPositions: skippedPositions)
    case "generated": self.init(.generated, skippedPositions: skippedPositions)
    case "last": self.init(.last, skippedPositions: skippedPositions)
    case let text where text.hasPrefix("first:") || text.hasPrefix("after:"):
      guard let count = Int(text.dropFirst(6)), (1...Self.mostTokens).contains(count) else { return nil }
      self.init(text.hasPrefix("first:") ? .first(count) : .after(count), skippedPositions: skippedPositions)
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
    case .first(let count): position >= promptCount && position - promptCount < count
    case .after(let count): position - promptCount >= count
    case .positions(let lower, let upper): position >= lower && upper.map { position <= $0 } ?? true
    }
  }

  /// The first position after `position` at which the map may begin or cease to apply; nil where there is none.
  package func nextChange(after position: Int, promptCount: Int) -> Int? {
    let changes: [Int] =
      switch kind {
      case .all: []
      case .prompt, .generated: [promptCount]
      case .last: [promptCount - 1, promptCount]
      case .first(let count): [promptCount, promptCount + count]
      case .after(let count): [promptCount + count]
      case .positions(let lower, let upper): [lower] + (upper.map { $0 < .max ? [$0 + 1] : [] } ?? [])
      }
    return (changes + [skippedPositions]).filter { $0 > position }.min()
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
    case .first(let count): "first:\(count)"
    case .after(let count): "after:\(count)"
    case .positions(let lower, let upper): "\(lower)-" + (upper.map { "\($0)" } ?? "")
    }
  }
}
