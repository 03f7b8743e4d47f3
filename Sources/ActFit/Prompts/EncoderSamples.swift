import ActCompile
import ActIR
import ActPlan
import ActRuntime

extension Pipeline {
  /// The tokenizer of one of its encoders, as it reads prompts where pictures are made.
  package func promptTokenizer(of encoder: Model, _ described: PlanPipeline) throws -> PromptTokenizer {
    guard
      let (tokenizer, configuration) = try tokenizer(of: encoder)?.makeTokenizer(path: encoder.path),
      let text = described.texts.first(where: { $0.module == encoder.graph.name }),
      let prompts = try PromptTokenizer(
        tokenizer, configuration, text, lowercases: described.lowercasesTexts, path: encoder.path)
    else {
      throw UsageError("\(encoder.path): expected a tokenizer with a token that fills texts up")
    }
    return prompts
  }

  /// Prompts as samples of one of its encoders: their tokens, filled up where the pipeline does.
  package func samples(
    _ prompts: PairedPrompts, of encoder: Model, _ described: PlanPipeline
  ) throws -> PairedSamples {
    let tokenizer = try promptTokenizer(of: encoder, described)
    func samples(_ prompts: [FitPrompt]) throws -> [FitSample] {
      try prompts.map { FitSample(try tokenizer.tokens(of: $0.text).tokens.map { Int32($0) }) }
    }
    return PairedSamples(source: try samples(prompts.source), target: try samples(prompts.target))
  }
}
