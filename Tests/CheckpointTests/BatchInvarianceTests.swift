import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// A row's result depends on its own sequence only, bit for bit: however rows are spread over steps and threads.
@Suite struct BatchInvarianceTests {
  /// Every small checkpoint, and mixtures of experts, with their matrices in each type.
  static let checkpoints = (smallCheckpoints + ["tiny-qwen2-moe", "tiny-qwen3-moe"]).flatMap { name in
    WeightType.allCases.map { weights in
      StoredCheckpoint(name: name, weights: weights, cache: weights == .f32 ? .f32 : .bf16)
    } + [StoredCheckpoint(name: name, weights: .f32, cache: .bf16)]
  }

  struct StoredCheckpoint: CustomTestStringConvertible {
    var name: String
    var weights: WeightType
    var cache: DType

    var testDescription: String { "\(name) in \(weights), cache in \(cache)" }

    func makeEngine(threads: Int? = nil) throws -> Engine {
      try Model(fixture(name)).makeEngine(weights: weights, cache: cache, threads: threads)
    }

    func prompts() throws -> [[Int32]] {
      try recordedPrompts.map { try record(of: $0, by: name).integers("tokens") }
    }
  }

  @Test(arguments: checkpoints, [1, 2, 3, 7, 16, 33, 64])
  func chunksEqualOneForward(checkpoint: StoredCheckpoint, chunk: Int) throws {
    let engine = try checkpoint.makeEngine()
    for tokens in try checkpoint.prompts() {
      #expect(sameBits(try engine.run(tokens, chunk: chunk), try engine.run(tokens)))
    }
  }

  @Test(arguments: checkpoints)
  func prefillThenDecodeEqualsOneForward(checkpoint: StoredCheckpoint) throws {
    let engine = try checkpoint.makeEngine()
    for tokens in try checkpoint.prompts() {
      let prefilled = tokens.count / 2
      let schedule =
        [(0..<prefilled).map { RunRow(prompt: 0, position: $0) }]
        + (prefilled..<tokens.count).map { [RunRow(prompt: 0, position: $0)] }
      let logits = try engine.run([Prompt(tokens)], schedule: schedule)[0]
      #expect(sameBits(logits, try engine.run(tokens)))
    }
  }

  @Test(arguments: checkpoints, [1, 2])
  func shuffledRowsOfManySequencesEqualEachAlone(checkpoint: StoredCheckpoint, threads: Int) throws {
    let engine = try checkpoint.makeEngine(threads: threads)
    let texts = try checkpoint.prompts()
    let prompts = (texts + texts.map { Array($0.reversed()) } + [[5], [7, 9]]).map { Prompt($0) }
    var random = SplitMix64(state: 11)
    for rowsPerStep in [3, 8, 40, 128] {
      let schedule = mixedSchedule(prompts, rowsPerStep: rowsPerStep, using: &random)
      #expect(Set(schedule.joined()).count == prompts.reduce(0) { $0 + $1.tokens.count })
      for (prompt, logits) in zip(prompts, try engine.run(prompts, schedule: schedule)) {
        #expect(sameBits(logits, try engine.run(prompt.tokens)))
      }
    }
  }

  @Test(arguments: checkpoints)
  func threadsDoNotMatter(checkpoint: StoredCheckpoint) throws {
    let tokens = try checkpoint.prompts()[1]
    let logits = try [1, 2, 3].map { try checkpoint.makeEngine(threads: $0).run(tokens) }
    #expect(sameBits(logits[0], logits[1]))
    #expect(sameBits(logits[0], logits[2]))
  }

  /// Only the requested rows have logits, in the order of the request.
  @Test func chosenLogitRows() throws {
    let engine = try Model(fixture("tiny-plain")).makeEngine()
    let tokens = randomPrompt(7)
    let width = 320
    let all = try engine.run(tokens)
    let sequence = try engine.openSequence(capacity: tokens.count)
    defer { engine.closeSequence(sequence) }
    let rows = tokens.enumerated().map { Row(token: $1, position: Int32($0), sequence: sequence) }
    let wanted: [Int32] = [5, 0, 3]
    try engine.step(rows, logitRows: .rows(wanted))
    let logits = try #require(engine.result("logits"))
    for (index, row) in wanted.enumerated() {
      let expected = Array(all[Int(row) * width..<(Int(row) + 1) * width])
      #expect(sameBits((0..<width).map { logits[index * width + $0] }, expected))
    }
  }

  @Test func badRowsAreErrors() throws {
    let engine = try Model(fixture("tiny-plain")).makeEngine(rows: 4, maximumSequences: 1)
    let sequence = try engine.openSequence(capacity: 3)
    func row(token: Int32 = 5, position: Int32 = 0, sequence: Int32 = 0, slot: Int32 = 0) -> Row {
      Row(token: token, position: position, sequence: sequence, slot: slot)
    }
    for bad in [
      row(token: 320), row(token: -1), row(position: 3), row(position: -1), row(sequence: 1),
      row(sequence: -1),
      row(slot: 3), row(slot: -1),
    ] {
      #expect(throws: EngineError.self) { try engine.step([bad], logitRows: .rows([0])) }
    }
    #expect(throws: EngineError.self) { try engine.step([Row](), logitRows: .none) }
    #expect(throws: EngineError.self) {
      try engine.step(Array(repeating: row(), count: 5), logitRows: .rows([0]))
    }
    #expect(throws: EngineError.self) { try engine.step([row()], logitRows: .rows([1])) }
    #expect(throws: EngineError.self) { try engine.step([row()], logitRows: .rows([-1])) }
    #expect(throws: EngineError.self) { try engine.openSequence(capacity: 3) }
    #expect(throws: EngineError.self) { try engine.setStrengths(["absent": 1], slot: 1) }
    engine.closeSequence(sequence)
    #expect(throws: EngineError.self) { try engine.step([row()], logitRows: .rows([0])) }
  }
}
