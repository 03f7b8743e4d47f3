import ActPasses

/// One sample of a data set.
package struct FitSequence: Hashable, Sendable {
  package var tokens: [Int32]
  /// The first token whose activations are pooled; those before it, as a prompt, are run only.
  package var pooledFrom: Int

  package init(_ tokens: [Int32], pooledFrom: Int = 0) {
    self.tokens = tokens
    self.pooledFrom = pooledFrom
  }
}

/// The samples of each side.
package struct PairedSequences: Hashable, Sendable {
  package var source: [FitSequence]
  package var target: [FitSequence]

  package init(source: [FitSequence], target: [FitSequence]) {
    self.source = source
    self.target = target
  }

  /// Samples of which every token is pooled.
  package init(source: [[Int32]], target: [[Int32]]) {
    self.init(source: source.map { FitSequence($0) }, target: target.map { FitSequence($0) })
  }

  /// The samples of both sides.
  package var sampleCount: Int { source.count + target.count }

  subscript(side: Side) -> [FitSequence] { side == .source ? source : target }
}
