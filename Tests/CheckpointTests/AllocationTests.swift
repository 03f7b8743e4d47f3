import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import AllocationCounter
import ModelChecks
import Testing

/// Counts committed as thresholds: what runs once a token allocates nothing, on any thread.
///
/// In processes of their own, where no other test allocates beside them.
@Suite struct AllocationTests {
  @Test func theCounterCounts() async {
    await #expect(processExitsWith: .success) {
      allocation_counter_start()
      let array = [Int](repeating: 1, count: 1000)
      #expect(allocation_counter_stop() >= 1)
      #expect(array.count == 1000)
    }
  }

  @Test func aDecodeStepAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      // The second has caches that are rings.
      for (checkpoint, threads) in [("tiny-gqa", 1), ("tiny-gqa", 2), ("tiny-qwen2-windows", 1)] {
        let model = try Model(fixture(checkpoint))
        let map = try model.fitRandomMap(
          at: SteeredSites.everything.rawValue, support: .quantiles(lower: 5, upper: 95), vocabulary: 96)
        let engine = try model.makeEngine(steeredBy: map, threads: threads)
        try engine.setStrengths([steeringMap: 0.5], slot: 1)
        for rowCount in [1, 8] {
          let sequences = try (0..<rowCount).map { _ in try engine.openSequence(capacity: 64) }
          defer { for sequence in sequences { engine.closeSequence(sequence) } }
          var rows = sequences.map { Row(token: 7, position: 0, sequence: $0, slot: $0 % 2) }
          for position in 0..<32 {
            for index in rows.indices { rows[index].position = Int32(position) }
            // The first steps may make what lasts, a thread's own storage above all.
            if position == 2 { allocation_counter_start() }
            try engine.step(rows, logitRows: .all)
          }
          let count = allocation_counter_stop()
          #expect(count == 0, "\(count) allocations, \(rowCount) rows, \(threads) threads")
        }
      }
    }
  }

  /// From one token to the next a generation allocates nothing either, but for the growing list of its tokens.
  @Test func generationAllocatesNothingButItsTokens() async {
    await #expect(processExitsWith: .success) {
      let engine = try Model(fixture("tiny-plain")).makeEngine(maximumSequences: 4)
      let model = try LanguageModel(engine, path: "tiny-plain", tokenizer: nil)
      let requests = (0..<4).map { GenerationRequest(prompt: randomPrompt(8, seed: $0), maximumTokens: 64) }
      var (steps, count) = (0, 0)
      _ = try model.generate(requests) { request, _ in
        guard request == 0 else { return }
        steps += 1
        if steps == 8 { allocation_counter_start() }
        if steps == 60 { count = allocation_counter_stop() }
      }
      #expect(steps == 64)
      // Four lists of 8 tokens, each of which doubles at most four times on its way to 64.
      #expect(count <= 16, "\(count) allocations")
    }
  }

  @Test func samplingAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let logits = randomPrompt(4096).map { Float($0) / 40 }
      var all = SamplingOptions()
      all.repetitionPenalty = 1.1
      var unlimited = SamplingOptions()
      unlimited.topK = 0
      for options in [.greedy, SamplingOptions(), all, unlimited] {
        var sampler = Sampler(options, vocabularySize: logits.count)
        let count = logits.withUnsafeBufferPointer { logits in
          _ = sampler.sample(logits)
          allocation_counter_start()
          for _ in 0..<10 { _ = sampler.sample(logits) }
          return allocation_counter_stop()
        }
        #expect(count == 0, "\(count) allocations, \(options)")
      }
    }
  }
}
