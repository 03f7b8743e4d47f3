/// Inputs of a model that stay the same from call to call, as texts do from step to step of denoising, and what the model
/// makes of them.
///
/// The first call with it computes what depends on them alone; further calls, which must have the same entries, read that.
package final class EntryPrompt {
  package let inputs: EntryInputs
  /// How long the engine took to compute what it keeps; zero before the first call.
  package internal(set) var preparationTime = Duration.zero
  /// What the engine keeps for each step of a call; nil before the first.
  var states: [PromptState]?

  package init(_ inputs: EntryInputs) { self.inputs = inputs }
}
