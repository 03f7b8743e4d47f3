import ActDiffusion

/// The prompts of the calls of a denoising, each made by the first call of its kind: with the prompt, with the negative
/// one, or with both.
struct PicturePrompts {
  /// The denoiser's inputs for entries, of which each has the prompt or the negative one.
  private let inputs: (_ areConditional: [Bool]) -> EntryInputs
  private var prompts: [[Bool]: EntryPrompt] = [:]

  init(_ inputs: @escaping (_ areConditional: [Bool]) -> EntryInputs) { self.inputs = inputs }

  /// The prompt of a call.
  subscript(call: Denoising.Call) -> EntryPrompt {
    mutating get {
      let entries = call.entries.map(\.isConditional)
      if let known = prompts[entries] { return known }
      let prompt = EntryPrompt(inputs(entries))
      prompts[entries] = prompt
      return prompt
    }
  }
}
