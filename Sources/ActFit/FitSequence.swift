import ActPasses

/// One sample of a data set.
public struct FitSequence: Hashable, Sendable {
  public var tokens: [Int32]
  /// The first token whose activations are pooled; those before it, as a prompt, are run only.
  public var pooledFrom: Int

  public init(_ tokens: [Int32], pooledFrom: Int = 0) {
    self.tokens = tokens
    self.pooledFrom = pooledFrom
  }
}

/// The samples of each side.
public struct PairedSequences: Hashable, Sendable {
  public var source: [FitSequence]
  public var target: [FitSequence]

  public init(source: [FitSequence], target: [FitSequence]) {
    self.source = source
    self.target = target
  }

  /// Samples of which every token is pooled.
  public init(source: [[Int32]], target: [[Int32]]) {
    self.init(source: source.map { FitSequence($0) }, target: target.map { FitSequence($0) })
  }

  /// The samples of both sides.
  public var sampleCount: Int { source.count + target.count }

  subscript(side: Side) -> [FitSequence] { side == .source ? source : target }
}
