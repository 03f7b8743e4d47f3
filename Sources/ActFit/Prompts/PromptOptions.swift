import ActFormats

/// How the prompts of a fit become samples of a pipeline's network.
package struct PromptOptions: Sendable {
  /// Of the noise.
  package var seed: UInt64 = 0
  /// The steps of the run at which samples are taken.
  package var steps = DenoisingSteps.first
  /// How many steps the run has; nil: as many as the pipeline's.
  package var runSteps: Int?
  /// A scheduler in place of the pipeline's.
  package var scheduler: String?
  /// Maps of the encoders, which act at strength 1 while prompts are read.
  package var encoderMaps: [(path: String, map: MapFile)] = []

  package init() {}
}
