import ActFormats
import ActPlan
import ActText

/// The tokenizer of a pipeline's text encoder: a prompt in, the tokens that the encoder reads out.
package struct PromptTokenizer {
  private let tokenizer: Tokenizer
  /// How many tokens every prompt has.
  package let length: Int
  private let padding: Int

  /// Fills prompts up to `length` tokens with the padding token, or where there is none with the one that ends a text.
  ///
  /// Returns nil where the tokenizer has neither.
  package init?(_ tokenizer: Tokenizer, _ configuration: TokenizerConfig?, length: Int) {
    let padding = configuration?.specialTokens["pad_token"].map { tokenizer.id(of: $0) } ?? tokenizer.eosToken
    guard let padding else { return nil }
    self.tokenizer = tokenizer
    self.length = length
    self.padding = padding
  }

  /// The tokens of a prompt. A longer one is cut before the token that ends it.
  package func tokens(of prompt: String) throws -> [Int] {
    var tokens = try tokenizer.encode(prompt)
    if tokens.count > length { tokens = tokens.prefix(length - 1) + tokens.suffix(1) }
    return tokens + [Int](repeating: padding, count: length - tokens.count)
  }
}
