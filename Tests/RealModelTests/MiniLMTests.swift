import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import Glibc
import ModelChecks
import Testing
import Workbench

/// all-MiniLM-L6-v2 against what `transformers` computes for it (`Scripts/make-minilm-reference.py`), where `ACT_MINILM`
/// is its directory.
@Suite(.serialized, .enabled(if: miniLM != nil, "set ACT_MINILM to the directory of `Scripts/get-minilm.sh`"))
struct MiniLMTests {
  private static let inputs = ["one", "three", "pair"]

  /// As they are stored, and rounded. Measured: 1e-12 in f32, up to 3e-5 in bf16, where activations may be rounded too,
  /// and 1.1e-3 in q8.
  @Test(arguments: [
    (WeightType.f32, DType.f32, 1e-8), (.bf16, .bf16, 1e-4), (.q8, .bf16, 2e-3),
  ])
  func states(weights: WeightType, cache: DType, limit: Double) throws {
    let engine = try Model(try #require(miniLM)).makeEngine(weights: weights, cache: cache)
    let model = try EntryModel(engine, path: "MiniLM")
    for input in Self.inputs {
      let path = fixture("minilm/\(input).safetensors")
      let reference = try TensorFile(path)
      let inputs = try EntryInputs(SafetensorsFile(path), for: model.plan.inputs)
      let results = try model.evaluate(inputs)
      #expect(results.map(\.name) == ["last_hidden_state", "pooler_output"])
      for result in results {
        let deviation = Deviation(result.values, from: try reference.floats(result.name))
        #expect(deviation.normalizedSquaredError <= limit, "\(input), \(result.name)")
      }
    }
  }

  /// Texts in, as `actrun embed` takes them.
  @Test func embeddings() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("MiniLM.plan")
    let model = try Model(try #require(miniLM))
    var options = CompileOptions()
    options.weights = .f32
    let tokenizer = try #require(try ModelTokenizer(model.files, isRequired: true) { _ in })
    try model.compile(MapSet(), options)
      .write(to: path, texts: PlanTexts(tokenizers: [tokenizer.inPlan]), provenance: .object([:]))
    let encoder = try TextEncoder(PlanFile(path))
    let inputs = try JSON(readingFile: fixture("minilm/reference.json"))
    for input in ["one", "three"] {
      let texts = try #require(inputs[input]?.array).compactMap(\.string)
      let found = try encoder.embeddings(texts).flatMap { $0 }
      let expected = try TensorFile(fixture("minilm/\(input).safetensors")).floats("sentence_embedding")
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { ($0 - $1).magnitude <= 1e-5 }, "\(input)")
    }
    // A text that is too long is cut before its last token.
    let long = try encoder.rows([String(repeating: "rain ", count: 700)], result: "last_hidden_state")
    #expect(long[0].shape[0] == encoder.mostTokens && encoder.cutCount == 1)
  }

  /// Three texts in one call, and each alone.
  @Test(arguments: [WeightType.f32, .bf16, .q8])
  func eachAloneEqualsAllTogether(weights: WeightType) throws {
    let engine = try Model(try #require(miniLM)).makeEngine(weights: weights)
    let model = try EntryModel(engine, path: "MiniLM")
    let reference = try TensorFile(fixture("minilm/three.safetensors"))
    let (tokens, sequences) = (try reference.integers("tokens"), try reference.integers("sequences"))
    let texts = (0..<3).map { entry in
      let rows = tokens.indices.filter { sequences[$0] == entry }
      return EncoderText(rows.map { Int(tokens[$0]) }, types: rows.map { _ in 0 })
    }
    let together = try model.run(texts)
    for (text, values) in zip(texts, together) { #expect(sameBits(values, try model.run([text])[0])) }
  }
}

private let miniLM = getenv("ACT_MINILM").map { String(cString: $0) }
