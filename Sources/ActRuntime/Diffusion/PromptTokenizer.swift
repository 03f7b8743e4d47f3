import ActFormats
import ActPlan
import ActText

/// The tokenizer of a pipeline's text encoder: a prompt in, the tokens that the encoder reads out.
package struct PromptTokenizer {
  private let tokenizer: Tokenizer
  private let text: PlanPipeline.Text
  private let lowercases: Bool
  /// How a prompt becomes the message of a chat; nil where it is read as it is.
  private let chat: ChatTemplate?
  /// What fills up a text; nil where nothing does.
  private let padding: Int?

  /// The most tokens of a prompt.
  package var length: Int { text.length }

  /// Reads prompts as a pipeline's encoder is given them. They are filled up with the padding token, or where there is
  /// none with the one that ends a text.
  ///
  /// Returns nil where texts are to be filled up, and the tokenizer has neither; and where they are messages of a chat,
  /// and it has no layout for one.
  ///
  /// - Throws: `FileError` for a layout that is not supported. `path` is for messages.
  package init?(
    _ tokenizer: Tokenizer, _ configuration: TokenizerConfig?, _ text: PlanPipeline.Text, lowercases: Bool,
    path: String
  ) throws(FileError) {
    let token = configuration?.specialTokens["pad_token"]
    let padding = token.map { tokenizer.id(of: $0) } ?? tokenizer.eosToken
    guard padding != nil || !text.isPadded else { return nil }
    if text.chat != nil {
      guard let configuration, configuration.chatTemplate != nil else { return nil }
      chat = try ChatTemplate(configuration, path: path)
    } else {
      chat = nil
    }
    self.tokenizer = tokenizer
    self.text = text
    self.lowercases = lowercases
    self.padding = text.isPadded ? padding : nil
  }

  /// The tokens of a prompt, and the place of the one that ends it, before those that fill it up. A longer prompt is cut
  /// before the token that ends it.
  package func tokens(of prompt: String) throws -> (tokens: [Int], end: Int) {
    let tokens = try encoded(prompt).tokens
    let end = tokenizer.eosToken.flatMap { tokens.firstIndex(of: $0) } ?? tokens.count - 1
    guard let padding else { return (tokens, end) }
    return (tokens + [Int](repeating: padding, count: length - tokens.count), end)
  }

  /// How many tokens a prompt has, of which how many are read; nil where that is all.
  func cut(_ prompt: String) throws -> (count: Int, read: Int)? {
    let (tokens, count) = try encoded(prompt)
    return count == tokens.count ? nil : (count, tokens.count)
  }

  private func encoded(_ prompt: String) throws -> (tokens: [Int], wholeCount: Int) {
    var prompt = lowercases ? prompt.lowercased().trimmed : prompt
    if let chat, let variables = text.chat?.members {
      prompt = try chat.text(
        of: [.object(["role": .string("user"), "content": .string(prompt)])], addsPrompt: true,
        variables: variables)
    }
    return try tokenizer.encode(prompt, atMost: length)
  }
}

extension String {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    let start = firstIndex { !$0.isWhitespace } ?? endIndex
    let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? endIndex
    return start < end ? String(self[start..<end]) : ""
  }
}
