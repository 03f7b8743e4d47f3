import ActErrors
import ActFormats
import ActIR
import ActPlan

/// What a picture is to be, as the denoiser reads it.
package struct Condition {
  /// Of a text, by the denoiser's inputs: the rows of one entry.
  var states: [String: ResultTensor]
  /// The class of the image, where it is of one.
  var label: Int?

  package init(states: [String: ResultTensor] = [:], label: Int? = nil) {
    self.states = states
    self.label = label
  }
}

extension PictureModel {
  /// What to tell of texts that are longer than the encoders take; nil where none is.
  package func cut(_ request: Request) throws -> String? {
    for text in [request.prompt, request.negativePrompt].compactMap({ $0 }) {
      if let line = try texts.cut(text) { return line }
    }
    return nil
  }

  /// What predictions are made with: where they are guided that of the negative prompt, and that of the prompt.
  ///
  /// - Throws: `EngineError` for a negative prompt that nothing reads, and for a prompt that names no class.
  func conditions(_ request: Request, isGuided: Bool, _ steering: Steering) throws -> [Condition] {
    let input = denoiser.plan.inputs.first { $0.role == .label }
    if request.negativePrompt != nil, !pipeline.isGuided || input != nil {
      throw EngineError("the pipeline reads no negative prompt: leave it out")
    }
    if request.guidance > 1, !pipeline.isGuided,
      !denoiser.plan.inputs.contains(where: { $0.role == .guidance || $0.role == .guidanceEmbedding })
    {
      throw EngineError("the pipeline reads no guidance: leave it out, or give 0")
    }
    if let input {
      let classes = ImageClasses(pipeline, count: (denoiser.plan.bound(ofInput: input.name).fixed ?? 1) - 1)
      let label = try classes.number(of: request.prompt)
      return (isGuided ? [Condition(label: classes.none)] : []) + [Condition(label: label)]
    }
    func condition(_ text: String?, _ steering: Steering) throws -> Condition {
      Condition(states: try texts.states(of: text) { strengths(steering, at: 0, of: $0) })
    }
    let prompt = try condition(request.prompt, steering)
    guard isGuided else { return [prompt] }
    return [try condition(request.negativePrompt, request.negativeSteering ?? steering), prompt]
  }
}
