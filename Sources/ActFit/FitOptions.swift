import ActIR
import ActPasses

/// How maps are fitted.
public struct FitOptions: Sendable {
  /// Which activations a site is fitted on.
  public enum Order: String, Hashable, Sendable, CaseIterable {
    /// Those of the model in which all earlier sites are already transported, for both sides.
    case causal
    /// Those of the bare model.
    case simultaneous
  }

  public var method: SteeringMethod
  public var order = Order.causal
  public var pooling = Pooling.mean
  public var support = Support.all
  /// The tokens to which the maps apply. Positions that it skips at the start of a sequence are left out of the fit too.
  public var scope = TokenScope.all
  /// The most rows of one step; sequences are never split.
  public var rows = 512
  /// Bytes that the fit may use; nil: half of the machine's memory. See docs/fitting.md for what is counted.
  public var memory: Int?
  /// Where the map file is to be written. What is finished is kept beside it as `OUTPUT.partial`, from which a fit that
  /// was killed goes on; values that memory has no room for are kept there too. nil: nothing is kept on disk.
  public var output: String?
  /// Workers; nil: one for each processor that the process may use.
  public var threads: Int?
  /// Measures the fit while it runs.
  public var report: FitReport?

  public init(method: SteeringMethod) { self.method = method }
}

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

  subscript(side: Side) -> [FitSequence] { side == .source ? source : target }
}
