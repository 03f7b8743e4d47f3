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

  /// What stands for a sequence: one sample from the activations of its tokens.
  public enum Pooling: String, Hashable, Sendable, CaseIterable {
    case mean
  }

  public var method: SteeringMethod
  public var order = Order.causal
  public var pooling = Pooling.mean
  public var support = Support.all
  /// The tokens to which the maps apply. Positions that it skips at the start of a sequence are left out of the fit too.
  public var scope = TokenScope.all
  /// The most rows of one step; sequences are never split.
  public var rows = 512
  /// Workers; nil: one for each processor that the process may use.
  public var threads: Int?

  public init(method: SteeringMethod) { self.method = method }
}

/// The token ids of the samples of each side.
public struct PairedSequences: Sendable {
  public var source: [[Int32]]
  public var target: [[Int32]]

  public init(source: [[Int32]], target: [[Int32]]) {
    self.source = source
    self.target = target
  }

  subscript(side: Side) -> [[Int32]] { side == .source ? source : target }
}
