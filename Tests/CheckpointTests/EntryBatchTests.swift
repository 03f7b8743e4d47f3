import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// An entry's results depend on its own rows only, bit for bit: whatever is in its call, in whatever order, and however
/// the call is cut into steps and spread over threads.
@Suite struct EntryBatchTests {
  private static let counts = [5, 1, 20, 12, 3, 20, 1, 17]

  private let texts: [EncoderText]

  init() {
    var random = SplitMix64(state: 17)
    texts = EncoderText.random(Self.counts, vocabulary: 50, using: &random)
  }

  private func model(
    _ checkpoint: String, _ weights: WeightType = .f32, threads: Int? = nil, rows: Int = 128
  ) throws -> EntryModel {
    let engine = try Model(fixture(checkpoint)).makeEngine(
      weights: weights, cache: weights == .f32 ? .f32 : .bf16, threads: threads, rows: rows)
    return try EntryModel(engine, path: checkpoint)
  }

  @Test(arguments: smallEncoders, WeightType.allCases)
  func eachAloneEqualsAllTogether(checkpoint: String, weights: WeightType) throws {
    let whole = try model(checkpoint, weights)
    let results = whole.plan.results.map(\.name)
    var random = SplitMix64(state: 5)
    for name in results {
      let alone = try texts.map { try whole.run([$0], result: name)[0] }
      for model in [
        whole, try model(checkpoint, weights, threads: 1, rows: 21),
        try model(checkpoint, weights, threads: 3),
      ] {
        for _ in 0..<3 {
          let order = texts.indices.shuffled(using: &random)
          let together = try model.run(order.map { texts[$0] }, result: name)
          for (index, values) in zip(order, together) { #expect(sameBits(values, alone[index])) }
        }
      }
    }
  }

  /// More entries than a step holds, of one row each.
  @Test func moreEntriesThanAStepHolds() throws {
    let model = try model("tiny-bert", rows: 1024)
    var random = SplitMix64(state: 2)
    let count = model.engine.maximumEntries + 3
    let texts = EncoderText.random([Int](repeating: 1, count: count), vocabulary: 120, using: &random)
    let together = try model.run(texts, result: "pooler_output")
    #expect(together.count == count)
    for (text, values) in zip(texts, together) {
      #expect(sameBits(values, try model.run([text], result: "pooler_output")[0]))
    }
  }

  /// Rows that the caller chooses, in any order, also twice, and over several steps.
  @Test(arguments: [128, 21])
  func chosenRows(rows: Int) throws {
    let model = try model("tiny-bert", rows: rows)
    var inputs = EntryInputs(texts, for: model.plan.inputs)
    let firsts = Self.counts.indices.map { Self.counts[..<$0].reduce(0, +) }
    let plain = try model.evaluate(inputs)[1]
    let choice = [7, 2, 2, 0, 5]
    inputs.tensors["chosen_rows"] = .init(choice.map { firsts[$0] })
    let chosen = try model.evaluate(inputs)[1]
    #expect(chosen.shape == [choice.count, plain.width])
    for (place, entry) in choice.enumerated() {
      func row(_ tensor: ResultTensor, _ index: Int) -> [Float] {
        Array(tensor.values[index * tensor.width..<(index + 1) * tensor.width])
      }
      #expect(sameBits(row(chosen, place), row(plain, entry)))
    }
  }

  @Test func wholeNumbersThatAreLeftOutAreZero() throws {
    let model = try model("tiny-bert")
    var inputs = EntryInputs(texts, for: model.plan.inputs)
    inputs.tensors["token_types"] = .init(texts.flatMap { $0.tokens.map { _ in 0 } })
    let given = try model.evaluate(inputs)
    inputs.tensors["token_types"] = nil
    let left = try model.evaluate(inputs)
    #expect(zip(given, left).allSatisfy { sameBits($0.values, $1.values) })
    #expect(
      !sameBits(left[0].values, try model.evaluate(EntryInputs(texts, for: model.plan.inputs))[0].values))
  }

  @Test(
    arguments: [
      (["tokens": []], "tokens"), (["tokens": [1, 120]], "tokens: expected 0 to 119, found 120 at row 1"),
      (["tokens": [-1]], "found -1 at row 0"),
      (
        ["tokens": [1, 2], "token_types": [0]],
        "token_types: expected 2 along its first dimension, as `tokens` has"
      ),
      (["tokens": [1, 2], "token_types": [0, 2]], "token_types: expected 0 to 1, found 2 at row 1"),
      (["token_types": [0, 0]], "tokens: no such tensor"), ([:], "tokens: no such tensor"),
      (["tokens": [1, 2], "sequences": [0]], "sequences: expected [2], as other inputs, found [1]"),
      (
        ["tokens": [1, 2], "sequences": [1, 2]],
        "sequences: expected 0, 1, 2, … with the rows of an entry side by side, found 1 at row 0"
      ),
      (["tokens": [1, 2, 3], "sequences": [0, 1, 0]], "found 0 at row 2"),
      (["tokens": [1, 2, 3], "sequences": [0, 0, 2]], "found 2 at row 2"),
      (["tokens": [1, 2], "chosen_rows": [2]], "chosen_rows: expected 0 to 1, found 2 at row 0"),
      (
        ["tokens": [Int](repeating: 1, count: 41)],
        "entry 0: expected at most 40 rows, those of the plan's context, found 41"
      ),
    ] as [([String: [Int]], String)])
  func badInputsAreErrors(tensors: [String: [Int]], message: String) throws {
    let model = try model("tiny-bert")
    let inputs = EntryInputs(path: "in", tensors.mapValues { EntryInputs.Tensor($0) })
    let error = #expect(throws: FileError.self) { try model.evaluate(inputs) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func entriesLongerThanAStepAreErrors() throws {
    let model = try model("tiny-bert", rows: 8)
    let error = #expect(throws: FileError.self) { try model.run([texts[0], texts[2]]) }
    #expect(error?.problem.contains("entry 1: expected at most 8 rows, those of a step, found 20") == true)
  }

  /// A language model's plan reads caches, and an encoder's has no logits.
  @Test func plansOfTheOtherKindAreErrors() throws {
    #expect(throws: FileError.self) {
      try EntryModel(Model(fixture("tiny-plain")).makeEngine(), path: "x")
    }
    #expect(throws: FileError.self) {
      try LanguageModel(Model(fixture("tiny-bert")).makeEngine(), path: "x", tokenizer: nil)
    }
  }
}
