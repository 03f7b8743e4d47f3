import ActFormats
import ActIR
import ActPasses

/// How activations become samples, and what may be spent on it.
@dynamicMemberLookup
package struct SampleOptions: Sendable {
  /// What files say of it; its members are these options' too.
  package var described = SampleDescription()
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

  package subscript<Value>(dynamicMember member: WritableKeyPath<SampleDescription, Value>) -> Value {
    get { described[keyPath: member] }
    set { described[keyPath: member] = newValue }
  }
}
