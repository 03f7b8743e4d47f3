/// A text to continue.
package struct GenerationRequest: Sendable {
  /// Token ids.
  package var prompt: [Int32]
  package var maximumTokens: Int
  package var strengths = Steering()
  package var sampling = SamplingOptions()
  /// Tokens that end the text.
  package var stopTokens: Set<Int32> = []

  package init(prompt: [Int32], maximumTokens: Int) {
    self.prompt = prompt
    self.maximumTokens = maximumTokens
  }
}

/// What came of a request.
package struct Generation: Hashable, Sendable {
  /// Why a text ended.
  package enum Finish: String, Hashable, Sendable {
    /// The model chose a token that ends the text.
    case end
    /// The text has as many tokens as were requested.
    case length
    /// Its caller stopped it.
    case stopped
  }

  /// The tokens after the prompt, without the one that ended them.
  package var tokens: [Int32] = []
  package var finish = Finish.length

  package init() {}
}

/// How long the parts of a generation took.
///
/// A step that reads prompts beside the decoding of other texts is shared out by its rows.
package struct GenerationTiming: Hashable, Sendable {
  package var promptTokens = 0
  package var generatedTokens = 0
  package var prefill: Duration = .zero
  package var decode: Duration = .zero

  package init() {}

  package static func += (a: inout GenerationTiming, b: GenerationTiming) {
    a.promptTokens += b.promptTokens
    a.generatedTokens += b.generatedTokens
    a.prefill += b.prefill
    a.decode += b.decode
  }
}
