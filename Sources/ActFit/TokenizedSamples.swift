import ActFormats
import ActText

/// The samples of a data set as tokens, none longer than some length.
package struct TokenizedSamples: Sendable {
  /// In the order of the data set.
  package private(set) var sequences: [FitSample] = []
  /// How many samples were cut at their end, because they were longer.
  package private(set) var cutCount = 0

  /// Encodes the samples of `set`.
  ///
  /// Of a sample with context the tokens from the first on that differs from the context's own are pooled: a token that
  /// reaches over the seam counts as one of the text. A chat that ends with the assistant's message has all before that
  /// as its context.
  ///
  /// - Parameters:
  ///   - set: the samples.
  ///   - tokenizer: the model's.
  ///   - maximumTokens: where longer samples are cut.
  ///   - skippedPositions: how many positions at the start of a sequence are not pooled.
  ///   - chatTemplate: reads the model's; called only where a sample is a chat.
  /// - Throws: an error that names file and line, for a sample of which no token would be pooled.
  package init(
    _ set: DataSet, _ tokenizer: Tokenizer, maximumTokens: Int, skippedPositions: Int = 0,
    chatTemplate: () throws(FileError) -> ChatTemplate
  ) throws(FileError) {
    sequences.reserveCapacity(set.samples.count)
    var template: ChatTemplate?
    for sample in set.samples {
      var sample = sample
      let isChat = !sample.messages.isEmpty
      if isChat {
        if template == nil { template = try chatTemplate() }
        try sample.layOut(template!)
      }
      // What a template lays out has its special tokens.
      var tokens = try tokenizer.encode(sample.text, addSpecialTokens: !isChat).map { Int32($0) }
      guard !tokens.isEmpty else { throw sample.failure("no tokens") }
      let start = sample.context.isEmpty ? 0 : try Self.context(of: sample, tokens, tokenizer, !isChat)
      let first = max(start, skippedPositions)
      guard first < tokens.count else {
        throw sample.failure(
          "expected more than \(first) tokens, of which none is pooled, found \(tokens.count)",
          next: "leave the record out")
      }
      if tokens.count > maximumTokens {
        guard first < maximumTokens else {
          throw sample.failure(
            "the prompt fills all of \(maximumTokens) tokens", next: "shorten it, or raise --max-tokens")
        }
        tokens.removeLast(tokens.count - maximumTokens)
        cutCount += 1
      }
      sequences.append(FitSample(tokens, pooledFrom: start))
    }
  }

  /// How many tokens the sample and its context have in common.
  private static func context(
    of sample: TextSample, _ tokens: [Int32], _ tokenizer: Tokenizer, _ addSpecialTokens: Bool
  ) throws(FileError) -> Int {
    let context = try tokenizer.encode(sample.context, addSpecialTokens: addSpecialTokens)
    return zip(tokens, context).prefix { Int($0) == $1 }.count
  }
}

extension TextSample {
  /// Turns the chat into text and context.
  fileprivate mutating func layOut(_ template: ChatTemplate) throws(FileError) {
    do throws(FileError) {
      text = try template.text(of: messages)
      if messages.last?["role"]?.string == "assistant", messages.count > 1 {
        context = try template.text(of: messages.dropLast(), addsPrompt: true)
      }
    } catch {
      if error.isUnsupported { throw error }
      throw failure(error.problem)
    }
  }
}
