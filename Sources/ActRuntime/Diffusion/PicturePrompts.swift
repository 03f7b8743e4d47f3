import ActDiffusion

/// What encoders made of the texts of a picture, by the denoiser's inputs: rows of one entry.
struct PictureTexts {
  var prompt: [String: ResultTensor]
  /// Of the negative prompt; nil where predictions are not guided.
  var negative: [String: ResultTensor]?
}

/// The prompts of the calls of a denoising, each made by the first call of its kind: with the prompt, with the negative
/// one, or with both.
struct PicturePrompts {
  private let texts: PictureTexts
  private let path: String
  /// By whether each entry has the prompt, and not the negative one.
  private var prompts: [[Bool]: EntryPrompt] = [:]

  /// - Parameters:
  ///   - texts: what the calls read.
  ///   - path: where they come from, for messages.
  init(_ texts: PictureTexts, path: String) {
    self.texts = texts
    self.path = path
  }

  /// The prompt of a call.
  subscript(call: Denoising.Call) -> EntryPrompt {
    mutating get {
      let entries = call.entries.map(\.isConditional)
      if let known = prompts[entries] { return known }
      var tensors: [String: EntryInputs.Tensor] = [:]
      for (name, state) in texts.prompt {
        let rows = entries.flatMap { ($0 ? texts.prompt : texts.negative ?? texts.prompt)[name]!.values }
        tensors[name] = .init(rows, shape: [entries.count] + state.shape)
      }
      let prompt = EntryPrompt(EntryInputs(path: path, tensors))
      prompts[entries] = prompt
      return prompt
    }
  }
}
