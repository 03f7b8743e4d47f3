import ActIR
import ActPasses

/// How activations become samples, and what may be spent on it.
package struct SampleOptions: Sendable {
  /// Which activations a site is fitted on.
  package enum Order: String, Hashable, Sendable, CaseIterable {
    /// Those of the model in which all earlier sites are already transported, for both sides.
    case causal
    /// Those of the bare model.
    case simultaneous
  }

  package var order = Order.causal
  package var pooling = Pooling.mean
  /// The tokens to which the maps apply. Positions that it skips at the start of a sequence are left out of the fit too.
  package var scope = TokenScope.all
  /// What the model's matrices hold while it runs; nil: as in the checkpoint.
  package var weights: WeightType?
  /// The most rows of one step; sequences are never split.
  package var rows = 512
  /// Bytes that may be used; nil: half of the machine's memory. See docs/fitting.md for what is counted.
  package var memory: Int?
  /// Where the result is to be written. Values that memory has no room for are kept beside it; a fit keeps there too, as
  /// `OUTPUT.partial`, what is finished, from which it goes on if it was killed. nil: nothing is kept on disk.
  package var output: String?
  /// Workers; nil: one for each processor that the process may use.
  package var threads: Int?

  package init() {}
}
