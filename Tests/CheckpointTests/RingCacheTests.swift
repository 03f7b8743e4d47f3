import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Caches of layers that see a window: rings, which hold what the rows of a call see and no more.
@Suite struct RingCacheTests {
  /// The small decoders with a window, which have a record of a prompt of many windows: `tokens` i32[T], and `logits`
  /// f32[R,V] of the rows `rows` i32[R].
  static let decoders = [
    "tiny-mistral", "tiny-qwen2-windows", "tiny-qwen3", "tiny-gemma2", "tiny-gemma2-plain", "tiny-gemma3",
    "tiny-gemma3-types", "tiny-phi3",
  ]

  /// An engine for calls of so many rows; for 512, as long as the context, no cache is a ring.
  private func makeEngine(_ decoder: String, rows: Int, cache: DType = .f32) throws -> Engine {
    let engine = try Model(fixture(decoder)).makeEngine(
      weights: cache == .f32 ? .f32 : .bf16, cache: cache, rows: rows)
    let windows = engine.plan.attentions.map(\.window)
    #expect(windows.contains { $0 > 0 })
    #expect(engine.plan.caches.map(\.isRing) == windows.map { $0 > 0 && rows < 400 })
    return engine
  }

  @Test(arguments: decoders)
  func logitsAreThoseOfTransformers(decoder: String) throws {
    let reference = try record(of: "long", by: decoder)
    let tokens = try reference.integers("tokens")
    let logits = try makeEngine(decoder, rows: 16).run(tokens)
    let width = logits.count / tokens.count
    let chosen = try reference.integers("rows").flatMap { row in
      logits[Int(row) * width..<(Int(row) + 1) * width]
    }
    let deviation = Deviation(chosen, from: try reference.floats("logits"))
    #expect(deviation.normalizedSquaredError <= 1e-8)
    #expect(deviation.largestRelative <= 1e-3)
  }

  @Test(arguments: decoders, [DType.f32, .bf16])
  func chunksEqualOneForwardWithoutRings(decoder: String, cache: DType) throws {
    let tokens = try record(of: "long", by: decoder).integers("tokens")
    let whole = try makeEngine(decoder, rows: 512, cache: cache).run(tokens)
    for rows in [1, 7, 64, 100] {
      let engine = try makeEngine(decoder, rows: rows, cache: cache)
      for chunk in [1, 5, 64, 99] where chunk <= rows {
        #expect(sameBits(try engine.run(tokens, chunk: chunk), whole), "\(chunk) of \(rows) rows")
      }
      #expect(sameBits(try engine.run(tokens), whole), "\(rows) rows")
    }
  }

  /// Sequences of many lengths, by uneven steps, whose rows are in random order.
  @Test(arguments: decoders, [DType.f32, .bf16])
  func manySequencesEqualEachAlone(decoder: String, cache: DType) throws {
    let tokens = try record(of: "long", by: decoder).integers("tokens")
    let prompts = [330, 200, 131, 64, 9, 1].map { Prompt(Array(tokens.reversed().suffix($0))) }
    let whole = try makeEngine(decoder, rows: 512, cache: cache)
    let alone = try prompts.map { try whole.run($0.tokens) }
    var random = SplitMix64(state: 5)
    for rows in [3, 40, 90] {
      let engine = try makeEngine(decoder, rows: rows, cache: cache)
      let schedule = mixedSchedule(prompts, rowsPerStep: rows, using: &random)
      for (logits, expected) in zip(try engine.run(prompts, schedule: schedule), alone) {
        #expect(sameBits(logits, expected), "\(rows) rows")
      }
    }
  }

  @Test func sequencesMayGoBackAsFarAsTheirRingsDo() throws {
    let decoder = "tiny-qwen2-windows"
    let tokens = try record(of: "long", by: decoder).integers("tokens")
    let width = 96
    let whole = try makeEngine(decoder, rows: 512).run(tokens)
    let engine = try makeEngine(decoder, rows: 4)
    // Windows of 6 and 4 rows lie in at most 2 blocks.
    #expect(engine.plan.caches.map(\.blockCount) == [8, 2, 2])
    let sequence = try engine.openSequence(capacity: tokens.count)
    func run(_ positions: [Int]) throws {
      let rows = positions.map { Row(token: tokens[$0], position: Int32($0), sequence: sequence) }
      try engine.step(rows, logitRows: .all)
      let logits = try #require(engine.result("logits"))
      for (row, position) in positions.enumerated() {
        let expected = Array(whole[position * width..<(position + 1) * width])
        #expect(sameBits((0..<width).map { logits[row * width + $0] }, expected), "position \(position)")
      }
    }
    for start in stride(from: 0, to: 200, by: 4) { try run(Array(start..<start + 4)) }
    // Positions 128 to 199 are kept; a row at 133 sees 128 to 133.
    try run([133, 134])
    for lost in [132, 127, 64, 1] { #expect(throws: EngineError.self) { try run([lost]) } }
    // What is refused runs nothing, and the sequence goes on.
    try run([200, 201])
    #expect(throws: EngineError.self) { try run([203]) }
    #expect(throws: EngineError.self) { try run([202, 330 - 1]) }
    try run([203, 202])
    // From the beginning it may run again.
    for start in stride(from: 0, to: 140, by: 4) { try run(Array(start..<start + 4)) }
  }
}
