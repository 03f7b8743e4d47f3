import ActCompile
import ActRuntime
import ModelChecks
import Testing

/// SmolLM2 in f32 against what `transformers` computes for it (`Scripts/make-reference-logits.py`).
@Suite(.serialized, SmolLM2.isThere) struct TransformersTests {
  private let reference: TensorFile
  private let engine: Engine

  init() throws {
    reference = try TensorFile(fixture("smollm2/reference.safetensors"))
    engine = try SmolLM2.model().makeEngine(maximumSequences: 4)
  }

  @Test func logits() throws {
    let indices = try reference.integers("indices")
    for prompt in SmolLM2.prompts {
      let tokens = try reference.integers("\(prompt)/tokens")
      let logits = try engine.run(tokens)
      let width = logits.count / tokens.count
      let rows = tokens.indices.map { logits[$0 * width..<($0 + 1) * width] }
      func check(_ values: [Float], _ name: String) throws {
        let deviation = Deviation(values, from: try reference.floats("\(prompt)/\(name)"))
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(prompt)/\(name)")
      }
      try check(rows.flatMap { row in indices.map { row[row.startIndex + Int($0)] } }, "logits")
      try check(rows.map(logSumExp), "logsumexp")
      if reference.names.contains("\(prompt)/last_logits") {
        try check(Array(rows[rows.count - 1]), "last_logits")
      }
      let likeliest = rows.map { row in Int32(row.indices.max { row[$0] < row[$1] }! - row.startIndex) }
      #expect(try likeliest == reference.integers("\(prompt)/argmax"))
    }
  }

  @Test func greedyContinuations() throws {
    let model = try LanguageModel(engine, path: "SmolLM2", tokenizer: nil)
    let requests = try SmolLM2.prompts.map { prompt in
      var request = GenerationRequest(prompt: try reference.integers("\(prompt)/tokens"), maximumTokens: 64)
      request.sampling = .greedy
      return request
    }
    let generations = try model.generate(requests).generations
    for (prompt, generation) in zip(SmolLM2.prompts, generations) {
      #expect(try generation.tokens == reference.integers("\(prompt)/greedy"), "\(prompt)")
    }
  }
}
